//! A file system in memory, which tests look into, disturb, and cut the power of.

mod calls;
mod nodes;
mod power;

use std::ffi::OsString;
use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

pub use calls::Call;
use calls::Interference;
use nodes::{Node, Nodes};
pub use power::Names;

use super::{Disk, DiskFile, Entry, Metadata};
use crate::time::Time;

/// A file system in memory; clones are the same one. Paths count from its one root, with or without
/// a slash in front.
///
/// A file that is made through [`Disk`] has the epoch as its modification time.
///
/// What is written is lost at a power failure unless it was synced, and names unless their
/// directory was, so that [`after_power_failure`](MemoryDisk::after_power_failure) shows what a
/// program that survives it must find.
///
/// ```
/// use millstream::Time;
/// use millstream::disk::{Disk, MemoryDisk};
/// let disk = MemoryDisk::default();
/// disk.put("logs/monday", "all is well\n", Time::from_millis(1500));
/// assert_eq!(disk.metadata("logs/monday".as_ref())?.modified, Time::from_millis(1500));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct MemoryDisk(Arc<Shared>);

#[derive(Default)]
struct Shared {
    nodes: Mutex<Nodes>,
    interference: Mutex<Option<Interference>>,
}

impl MemoryDisk {
    /// Puts a file there as another program would: with its content, when it was last changed, and
    /// the directories that it lies in. A file that is there gets the new content.
    ///
    /// # Panics
    /// If a directory has the name, or a file that of a directory on the way.
    pub fn put(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>, modified: Time) {
        let mut nodes = self.0.nodes.lock();
        let content = content.as_ref().to_vec();
        let file = nodes.put(path.as_ref()).expect("there is room for a file of this name");
        nodes.0[file] = Node::File { synced: content.clone(), content, modified };
    }

    /// Has `interference` called before each call, on the calling thread. It may change the disk
    /// first, or fail the call. It takes the place of an earlier one.
    ///
    /// ```
    /// use std::io;
    /// use millstream::disk::{Call, Disk, MemoryDisk};
    /// let disk = MemoryDisk::default();
    /// disk.interfere(|call, _| match call {
    ///     Call::CreateDirectory => Err(io::ErrorKind::PermissionDenied.into()),
    ///     _ => Ok(()),
    /// });
    /// assert!(disk.create_directory("out".as_ref()).is_err());
    /// ```
    pub fn interfere(
        &self,
        interference: impl Fn(Call, &Path) -> io::Result<()> + Send + Sync + 'static,
    ) {
        *self.0.interference.lock() = Some(Arc::new(interference));
    }

    /// Lets the interference have its way, and then, if it does not object, the call.
    fn call<R>(
        &self,
        call: Call,
        path: &Path,
        act: impl FnOnce(&mut Nodes) -> io::Result<R>,
    ) -> io::Result<R> {
        let interference = self.0.interference.lock().clone();
        if let Some(interfere) = interference {
            interfere(call, path)?;
        }
        act(&mut self.0.nodes.lock())
    }
}

impl fmt::Debug for MemoryDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryDisk").finish_non_exhaustive()
    }
}

impl Disk for MemoryDisk {
    type File = MemoryFile;

    fn create_new(&self, path: &Path) -> io::Result<MemoryFile> {
        let node = self.call(Call::CreateNew, path, |nodes| nodes.create(path, Node::file()))?;
        Ok(MemoryFile { disk: self.clone(), path: path.into(), node })
    }

    fn read_at_most(&self, path: &Path, most_bytes: u64) -> io::Result<Vec<u8>> {
        self.call(Call::Read, path, |nodes| match &nodes.0[nodes.find(path)?] {
            Node::File { content, .. } => {
                let most = usize::try_from(most_bytes).unwrap_or(usize::MAX);
                Ok(content[..content.len().min(most)].to_vec())
            }
            Node::Directory { .. } => Err(ErrorKind::IsADirectory.into()),
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(Call::Rename, from, |nodes| {
            let moved = nodes.find(from)?;
            match nodes.find(to) {
                Ok(replaced) => nodes.may_replace(moved, replaced)?,
                Err(e) if e.kind() == ErrorKind::NotFound => {}
                Err(e) => return Err(e),
            }
            let (directory, name) = nodes.place_of(to)?;
            nodes.entries_mut(directory)?.insert(name, moved);
            let (directory, name) = nodes.place_of(from)?;
            nodes.entries_mut(directory)?.remove(&name);
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call(Call::Remove, path, |nodes| match nodes.0[nodes.find(path)?] {
            Node::File { .. } => nodes.unlink(path),
            Node::Directory { .. } => Err(ErrorKind::IsADirectory.into()),
        })
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.call(Call::CreateDirectory, path, |nodes| nodes.create(path, Node::directory()))?;
        Ok(())
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        self.call(Call::RemoveDirectory, path, |nodes| match nodes.0[nodes.find(path)?] {
            Node::File { .. } => Err(ErrorKind::NotADirectory.into()),
            Node::Directory { .. } => nodes.unlink(path),
        })
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<Entry>> {
        self.call(Call::List, directory, |nodes| {
            let entries = nodes.entries(nodes.find(directory)?)?;
            let entry = |(name, &node): (&OsString, &usize)| Entry {
                name: name.clone(),
                metadata: nodes.0[node].metadata(),
            };
            Ok(entries.iter().map(entry).collect())
        })
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        self.call(Call::Metadata, path, |nodes| Ok(nodes.0[nodes.find(path)?].metadata()))
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        self.call(Call::SyncDirectory, directory, |nodes| {
            let node = nodes.find(directory)?;
            match &mut nodes.0[node] {
                Node::Directory { entries, synced } => synced.clone_from(entries),
                Node::File { .. } => return Err(ErrorKind::NotADirectory.into()),
            }
            Ok(())
        })
    }
}

/// A file of a [`MemoryDisk`], open for writing.
#[derive(Debug)]
pub struct MemoryFile {
    disk: MemoryDisk,
    path: Box<Path>,
    node: usize,
}

impl Write for MemoryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.disk.call(Call::Write, &self.path, |nodes| {
            if let Node::File { content, .. } = &mut nodes.0[self.node] {
                content.extend_from_slice(bytes);
            }
            Ok(bytes.len())
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskFile for MemoryFile {
    fn sync(&mut self) -> io::Result<()> {
        self.disk.call(Call::Sync, &self.path, |nodes| {
            if let Node::File { content, synced, .. } = &mut nodes.0[self.node] {
                synced.clone_from(content);
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interference_can_act_between_two_calls() {
        let disk = MemoryDisk::default();
        disk.put("in/a", "whole", Time::from_millis(5));
        let other = disk.clone();
        disk.interfere(move |call, path| {
            if call == Call::Read {
                other.put(path, "sh", Time::from_millis(6));
            }
            Ok(())
        });
        assert_eq!(disk.metadata("in/a".as_ref()).unwrap().length, 5);
        assert_eq!(disk.read("in/a".as_ref()).unwrap(), b"sh");
    }
}
