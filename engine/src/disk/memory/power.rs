//! What a failure of the power leaves of a disk in memory.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

use super::nodes::{File, Node, Nodes};
use super::unsynced::{Content, Entries, Part};
use super::{MemoryDisk, Shared};

/// What becomes of names that were given or taken since their directory was last synced, when the
/// power fails. A disk may do either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// They have reached the disk, though the content of the files that bear them has not.
    Kept,
    /// They have not.
    Lost,
}

/// Something that had not been synced when the power failed, or that a sync has failed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsynced<'a> {
    /// That this path leads to what it was made or renamed for, or, where it was taken away, to
    /// nothing.
    Name(&'a Path),
    /// What one write has given to one sector of a file. Where it does not survive, there are zeros,
    /// or the file ends before.
    Piece {
        /// The file, by its name after the failure.
        path: &'a Path,
        /// The bytes.
        range: Range<usize>,
    },
    /// The length that a write has given to a file of which less than that survives: the rest would
    /// be zeros.
    Length {
        /// The file, by its name after the failure.
        path: &'a Path,
        /// The length.
        bytes: usize,
    },
}

impl MemoryDisk {
    /// A disk with what this one would have if the power failed now: of files nothing that was not
    /// synced, of names what `names` says.
    pub fn after_power_failure(&self, names: Names) -> MemoryDisk {
        let kept = names == Names::Kept;
        self.after_power_failure_where(|unsynced| kept && matches!(unsynced, Unsynced::Name(_)))
    }

    /// A disk with what this one may have if the power failed now: of what was not synced that of
    /// which `survives` says so. It is asked from the root to the leaves, and of each file from
    /// front to back; it must not touch this disk.
    ///
    /// ```
    /// use std::io::Write;
    /// use millstream::disk::{Disk, DiskFile, MemoryDisk, Unsynced};
    /// let disk = MemoryDisk::default();
    /// let mut file = disk.create_new("log".as_ref())?;
    /// file.write_all(&[1; 700])?;
    /// let torn = disk.after_power_failure_where(|unsynced| match unsynced {
    ///     Unsynced::Name(_) | Unsynced::Length { .. } => true,
    ///     Unsynced::Piece { range, .. } => range.start == 512,
    /// });
    /// assert_eq!(torn.read("log".as_ref())?, [vec![0; 512], vec![1; 188]].concat());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn after_power_failure_where(
        &self,
        mut survives: impl FnMut(Unsynced<'_>) -> bool,
    ) -> MemoryDisk {
        let mut after = Aftermath {
            before: &self.0.nodes.lock(),
            nodes: Vec::new(),
            numbers: BTreeMap::new(),
            survives: &mut survives,
        };
        after.node(0, Path::new(""));
        let nodes = Mutex::new(Nodes(after.nodes));
        MemoryDisk(Arc::new(Shared { nodes, ..Shared::default() }))
    }
}

struct Aftermath<'a> {
    before: &'a Nodes,
    nodes: Vec<Node>,
    /// The new numbers, by the old ones.
    numbers: BTreeMap<usize, usize>,
    survives: &'a mut dyn FnMut(Unsynced<'_>) -> bool,
}

impl Aftermath<'_> {
    /// What is left of a node that is found at `path`; answers its number.
    fn node(&mut self, before: usize, path: &Path) -> usize {
        if let Some(&known) = self.numbers.get(&before) {
            return known;
        }
        let number = self.nodes.len();
        self.numbers.insert(before, number);
        self.nodes.push(Node::directory());
        self.nodes[number] = match &self.before.0[before] {
            Node::File(file) => Node::File(self.file(file, path)),
            Node::Directory(entries) => Node::Directory(self.directory(entries, path)),
        };
        number
    }

    fn file(&mut self, file: &File, path: &Path) -> File {
        let left = file.content.left(|part| {
            (self.survives)(match part {
                Part::Piece(range) => Unsynced::Piece { path, range },
                Part::Length(bytes) => Unsynced::Length { path, bytes },
            })
        });
        File { content: Content::durable(left), modified: file.modified, locked: false }
    }

    fn directory(&mut self, entries: &Entries, path: &Path) -> Entries {
        let mut left = entries.left(|name| (self.survives)(Unsynced::Name(&path.join(name))));
        for (name, node) in &mut left {
            *node = self.node(*node, &path.join(name));
        }
        Entries::durable(left)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::Path;

    use super::*;
    use crate::disk::{Disk, DiskFile};

    #[test]
    fn the_power_failure_takes_what_was_not_synced() {
        let disk = MemoryDisk::default();
        let (a, b) = (Path::new("a"), Path::new("b"));
        let mut file = disk.create_new(a).unwrap();
        file.write_all(b"kept").unwrap();
        file.sync().unwrap();
        file.write_all(b" or not").unwrap();
        let read = |names, path| disk.after_power_failure(names).read(path).ok();
        assert_eq!(read(Names::Kept, a).unwrap(), b"kept");
        assert_eq!(read(Names::Lost, a), None);
        disk.sync_directory("".as_ref()).unwrap();
        disk.rename(a, b).unwrap();
        assert_eq!(read(Names::Lost, a).unwrap(), b"kept");
        assert_eq!((read(Names::Kept, a), read(Names::Kept, b).unwrap()), (None, b"kept".into()));
    }

    #[test]
    fn who_chooses_is_asked_of_each_thing_under_the_name_that_survives() {
        let disk = MemoryDisk::default();
        disk.create_directory("d".as_ref()).unwrap();
        disk.create_new("d/a".as_ref()).unwrap().write_all(b"1234").unwrap();
        disk.rename("d/a".as_ref(), "d/b".as_ref()).unwrap();
        let choose = |chosen: &dyn Fn(&Unsynced<'_>) -> bool| {
            let mut asked = Vec::new();
            let left = disk.after_power_failure_where(|unsynced| {
                asked.push(format!("{unsynced:?}"));
                chosen(&unsynced)
            });
            (asked, left)
        };
        let (asked, left) = choose(&|_| true);
        let names = [r#"Name("d")"#, r#"Name("d/a")"#, r#"Name("d/b")"#, r#"Name("d/a")"#];
        assert_eq!(asked[..4], names);
        assert_eq!(asked[4..], [r#"Piece { path: "d/b", range: 0..4 }"#]);
        assert_eq!(left.read("d/b".as_ref()).unwrap(), b"1234");

        let (asked, left) = choose(&|u| matches!(u, Unsynced::Name(p) if !p.ends_with("b")));
        assert_eq!((asked.len(), left.list("d".as_ref()).unwrap().len()), (4, 0), "it is lost");
        let (asked, _) = choose(&|u| matches!(u, Unsynced::Name(_)));
        assert_eq!(asked[5], r#"Length { path: "d/b", bytes: 4 }"#);
    }
}
