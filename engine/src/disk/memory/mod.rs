//! A file system in memory, which tests look into, disturb, and cut the power of.

mod calls;
mod nodes;
mod power;
mod scratch;
mod unsynced;

use std::ffi::OsString;
use std::fmt;
use std::io::{self, ErrorKind, IoSlice, Write};
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

pub use calls::Call;
use calls::{Interference, Shortening};
use nodes::{Node, Nodes};
pub use power::{Names, Unsynced};
use scratch::MemoryScratch;
use unsynced::Content;

use super::{Disk, DiskFile, Entry, Metadata, Scratch};
use crate::time::Time;

/// A file system in memory; clones are the same one. Paths count from its one root, with or without
/// a slash in front.
///
/// A file that is made through [`Disk`] has the epoch as its modification time.
///
/// What is written may be lost at a power failure unless it was synced, and names unless their
/// directory was: [`after_power_failure`](MemoryDisk::after_power_failure) and
/// [`after_power_failure_where`](MemoryDisk::after_power_failure_where) show what a program that
/// survives it must cope with. Where the sync of a file was made to fail, what was written before
/// may be lost even if a later one succeeds.
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
    shortening: Mutex<Option<Shortening>>,
}

impl MemoryDisk {
    /// Puts a file there as another program would: with its content, when it was last changed, and
    /// the directories that it lies in. A file that is there gets the new content.
    ///
    /// # Panics
    /// If a directory has the name, or a file that of a directory on the way.
    pub fn put(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>, modified: Time) {
        let mut nodes = self.0.nodes.lock();
        let file = nodes.put(path.as_ref()).expect("there is room for a file of this name");
        file.content = Content::durable(content.as_ref().to_vec());
        file.modified = modified;
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

    /// Has each write take only as many of its bytes as `taken` answers, which is given the path
    /// that the file was made with, and how many they are. It takes the place of an earlier one.
    ///
    /// ```
    /// use std::io::Write;
    /// use millstream::disk::{Disk, MemoryDisk};
    /// let disk = MemoryDisk::default();
    /// disk.shorten_writes(|_, bytes| bytes.div_ceil(2));
    /// assert_eq!(disk.create_new("log".as_ref())?.write(b"record")?, 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn shorten_writes(&self, taken: impl Fn(&Path, usize) -> usize + Send + Sync + 'static) {
        *self.0.shortening.lock() = Some(Arc::new(taken));
    }

    /// Lets the interference have its way, and then, if it does not object, the call.
    fn call<R>(
        &self,
        call: Call,
        path: &Path,
        act: impl FnOnce(&mut Nodes) -> io::Result<R>,
    ) -> io::Result<R> {
        self.ask(call, path)?;
        act(&mut self.0.nodes.lock())
    }

    /// Whether the interference allows a call.
    fn ask(&self, call: Call, path: &Path) -> io::Result<()> {
        let interference = self.0.interference.lock().clone();
        interference.map_or(Ok(()), |interfere| interfere(call, path))
    }
}

impl fmt::Debug for MemoryDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryDisk").finish_non_exhaustive()
    }
}

impl Disk for MemoryDisk {
    type File = MemoryFile;
    type Lock = MemoryLock;

    fn create_new(&self, path: &Path) -> io::Result<MemoryFile> {
        let node = self.call(Call::CreateNew, path, |nodes| nodes.create(path, Node::file()))?;
        Ok(MemoryFile { disk: self.clone(), path: path.into(), node })
    }

    fn read_at_most(&self, path: &Path, most_bytes: u64) -> io::Result<Vec<u8>> {
        self.call(Call::Read, path, |nodes| {
            let node = nodes.find(path)?;
            let content = nodes.file(node)?.content.bytes();
            let most = usize::try_from(most_bytes).unwrap_or(usize::MAX);
            Ok(content[..content.len().min(most)].to_vec())
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(Call::Rename, from, |nodes| nodes.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call(Call::Remove, path, |nodes| match nodes.0[nodes.find(path)?] {
            Node::File(_) => nodes.unlink(path),
            Node::Directory(_) => Err(ErrorKind::IsADirectory.into()),
        })
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.call(Call::CreateDirectory, path, |nodes| nodes.create(path, Node::directory()))?;
        Ok(())
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        self.call(Call::RemoveDirectory, path, |nodes| match nodes.0[nodes.find(path)?] {
            Node::File(_) => Err(ErrorKind::NotADirectory.into()),
            Node::Directory(_) => nodes.unlink(path),
        })
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<Entry>> {
        self.call(Call::List, directory, |nodes| {
            let entries = nodes.entries(nodes.find(directory)?)?;
            let entry = |(name, &node): (&OsString, &usize)| Entry {
                name: name.clone(),
                metadata: nodes.0[node].metadata(),
            };
            Ok(entries.names().iter().map(entry).collect())
        })
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        self.call(Call::Metadata, path, |nodes| Ok(nodes.0[nodes.find(path)?].metadata()))
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        self.call(Call::SyncDirectory, directory, |nodes| {
            let node = nodes.find(directory)?;
            nodes.entries_mut(node)?.sync();
            Ok(())
        })
    }

    fn lock(&self, path: &Path) -> io::Result<MemoryLock> {
        self.call(Call::Lock, path, |nodes| {
            let node = match nodes.find(path) {
                Err(e) if e.kind() == ErrorKind::NotFound => nodes.create(path, Node::file())?,
                found => found?,
            };
            let file = nodes.file(node)?;
            if file.locked {
                return Err(ErrorKind::WouldBlock.into());
            }
            file.locked = true;
            Ok(MemoryLock { disk: self.clone(), node })
        })
    }

    fn scratch(&self, directory: &Path) -> io::Result<Box<dyn Scratch>> {
        Ok(Box::new(MemoryScratch::create(self, directory)?))
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
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.disk.ask(Call::Write, &self.path)?;
        let shortening = self.disk.0.shortening.lock().clone();
        let given = parts.iter().map(|part| part.len()).sum();
        let taken = shortening.map_or(given, |taken| taken(&self.path, given).min(given));
        let mut nodes = self.disk.0.nodes.lock();
        nodes.file(self.node)?.content.append(parts.iter().map(|part| &**part), taken);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskFile for MemoryFile {
    fn sync(&mut self) -> io::Result<()> {
        let allowed = self.disk.ask(Call::Sync, &self.path);
        let mut nodes = self.disk.0.nodes.lock();
        let content = &mut nodes.file(self.node)?.content;
        match &allowed {
            Ok(()) => content.sync(),
            Err(_) => content.sync_failed(),
        }
        allowed
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        Ok(self.disk.0.nodes.lock().find(path).is_ok_and(|found| found == self.node))
    }
}

/// A file of a [`MemoryDisk`], held until this is dropped.
#[derive(Debug)]
pub struct MemoryLock {
    disk: MemoryDisk,
    node: usize,
}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        if let Ok(file) = self.disk.0.nodes.lock().file(self.node) {
            file.locked = false;
        }
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
