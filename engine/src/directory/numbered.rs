//! Files that are told apart by their numbers, which only grow.

use std::path::{Path, PathBuf};

use crate::disk::{AnyDisk, TEMPORARY, failed};
use crate::error::Result;

/// What stands before and behind the number in the names of a kind of file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbered {
    pub(crate) before: &'static str,
    pub(crate) behind: &'static str,
}

/// The files of a kind that there are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// In order.
    pub(crate) numbers: Vec<u64>,
    /// A number that no file has had.
    pub(crate) next: u64,
}

impl Numbered {
    /// The file of this number.
    pub(crate) fn path(self, directory: &Path, number: u64) -> PathBuf {
        directory.join(self.name(number))
    }

    /// Looks what there is in `directory`, and removes what was left half written.
    pub(crate) fn find(self, disk: &dyn AnyDisk, directory: &Path) -> Result<Found> {
        let entries = disk.list(directory).map_err(|e| failed("listing", directory, &e))?;
        let mut found = Found { numbers: Vec::new(), next: 0 };
        for name in entries.iter().filter_map(|entry| entry.name.to_str()) {
            let left = name.strip_suffix(TEMPORARY);
            let Some(number) = self.number(left.unwrap_or(name)) else { continue };
            found.next = found.next.max(number + 1);
            if left.is_some() {
                let left = directory.join(name);
                disk.remove(&left).map_err(|e| failed("removing", &left, &e))?;
            } else {
                found.numbers.push(number);
            }
        }
        found.numbers.sort_unstable();
        Ok(found)
    }

    fn name(self, number: u64) -> String {
        format!("{}{number:010}{}", self.before, self.behind)
    }

    /// The number in the name of such a file.
    pub(crate) fn number(self, name: &str) -> Option<u64> {
        let digits = name.strip_prefix(self.before)?.strip_suffix(self.behind)?;
        let number = digits.parse::<u32>().ok()?.into();
        (self.name(number) == name).then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::{Disk, MemoryDisk};

    #[test]
    fn what_is_half_written_is_removed_and_its_number_is_not_used_again() {
        let disk = MemoryDisk::default();
        let names = ["0000000011.log", "0000000002.log", "0000000013.log.tmp"];
        let strangers =
            ["2.log", "0000000003.log.old", "00000000-1.log", "notes.tmp", "9999999999.log"];
        for name in names.iter().chain(&strangers) {
            disk.put(Path::new("blocks").join(name), "", Default::default());
        }
        let logs = Numbered { before: "", behind: ".log" };
        let found = logs.find(&disk, "blocks".as_ref()).unwrap();
        assert_eq!(found, Found { numbers: vec![2, 11], next: 14 });
        let left = Disk::list(&disk, "blocks".as_ref()).unwrap();
        let temporary: Vec<_> = left.iter().filter(|e| e.name == names[2]).collect();
        assert_eq!((left.len(), temporary.len()), (names.len() - 1 + strangers.len(), 0));
    }
}
