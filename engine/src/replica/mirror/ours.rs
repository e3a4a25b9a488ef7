//! The durable files of a job by their paths in its directory, and what each says that it belongs to.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use crate::checkpoint::FILES;
use crate::directory::{BATCHES, BLOCKS, CHECKPOINT, IDENTITY, LIVES};
use crate::disk::{AnyDisk, EntryKind, failed};
use crate::error::Result;
use crate::frame::Begin;
use crate::log::SEGMENTS;

/// The directories in a job's.
pub(super) const DIRECTORIES: [&str; 2] = [BATCHES, BLOCKS];

/// The row that a file is in, and its number there; none for what is no durable file, or is being written.
pub(super) fn place_of(path: &str) -> Option<(&'static str, u64)> {
    if let Some(row) = [IDENTITY, LIVES].into_iter().find(|name| *name == path) {
        return Some((row, 0));
    }
    match path.split_once('/') {
        None => FILES.number(path).map(|number| (CHECKPOINT, number)),
        Some((directory, name)) => {
            let row = DIRECTORIES.into_iter().find(|row| *row == directory)?;
            SEGMENTS.number(name).map(|number| (row, number))
        }
    }
}

/// What a file says that it belongs to.
pub(super) fn begin_of(path: &str, job: &str, directory: u64) -> Option<Begin> {
    let (of, number) = place_of(path)?;
    Some(Begin { job: job.to_owned(), directory, of: of.to_owned(), number })
}

/// The durable files in a directory, with their lengths.
pub(super) fn files_in(disk: &dyn AnyDisk, directory: &Path) -> Result<BTreeMap<String, u64>> {
    let mut files = BTreeMap::new();
    for within in std::iter::once("").chain(DIRECTORIES) {
        let place = directory.join(within);
        let entries = match disk.list(&place) {
            Err(e) if e.kind() == ErrorKind::NotFound => continue,
            entries => entries.map_err(|e| failed("listing", &place, &e))?,
        };
        for entry in entries.iter().filter(|entry| entry.metadata.kind == EntryKind::File) {
            let Some(name) = entry.name.to_str() else { continue };
            let path = if within.is_empty() { name.to_owned() } else { format!("{within}/{name}") };
            if place_of(&path).is_some() {
                files.insert(path, entry.metadata.length);
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durable_files_are_known_by_their_paths() {
        assert_eq!(place_of("identity"), Some((IDENTITY, 0)));
        assert_eq!(place_of("lives"), Some((LIVES, 0)));
        assert_eq!(place_of("checkpoint-0000000012"), Some((CHECKPOINT, 12)));
        assert_eq!(place_of("blocks/0000000003.log"), Some((BLOCKS, 3)));
        let others = [
            "lock",
            "notes",
            "blocks",
            "blocks/3.log",
            "spill/0000000003.log",
            "blocks/0000000003.log.tmp",
            "checkpoint-0000000012.tmp",
            "identity.tmp",
        ];
        assert!(others.iter().all(|path| place_of(path).is_none()));
    }
}
