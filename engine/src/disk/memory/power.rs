//! What a failure of the power leaves of a disk in memory.

use std::sync::Arc;

use parking_lot::Mutex;

use super::nodes::{Node, Nodes};
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

impl MemoryDisk {
    /// A disk with what this one would have if the power failed now.
    pub fn after_power_failure(&self, names: Names) -> MemoryDisk {
        let mut nodes = Nodes(self.0.nodes.lock().0.clone());
        for node in &mut nodes.0 {
            match node {
                Node::File { content, synced, .. } => content.clone_from(synced),
                Node::Directory { entries, synced } if names == Names::Lost => {
                    entries.clone_from(synced)
                }
                Node::Directory { .. } => {}
            }
        }
        MemoryDisk(Arc::new(Shared { nodes: Mutex::new(nodes), interference: Mutex::default() }))
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
}
