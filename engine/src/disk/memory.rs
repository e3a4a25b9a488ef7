//! A file system in memory, which tests look into, disturb, and cut the power of.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::path::{Component, Path};
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Disk, DiskFile, Entry, EntryKind, Metadata};
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

type Interference = Arc<dyn Fn(Call, &Path) -> io::Result<()> + Send + Sync>;

/// What a [`MemoryDisk`] was asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// [`Disk::create_new`].
    CreateNew,
    /// [`Disk::read_at_most`] and [`Disk::read`].
    Read,
    /// [`Disk::rename`]; the path is the old one.
    Rename,
    /// [`Disk::remove`].
    Remove,
    /// [`Disk::create_directory`].
    CreateDirectory,
    /// [`Disk::remove_directory`].
    RemoveDirectory,
    /// [`Disk::list`].
    List,
    /// [`Disk::metadata`].
    Metadata,
    /// [`Disk::sync_directory`].
    SyncDirectory,
    /// A write to an open file; the path is the one that it was made with.
    Write,
    /// [`DiskFile::sync`]; the path is the one that the file was made with.
    Sync,
}

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

/// Every file and directory that there ever was, by number; the root is 0.
struct Nodes(Vec<Node>);

#[derive(Clone)]
enum Node {
    /// `synced` is what a power failure leaves of `content`.
    File { content: Vec<u8>, synced: Vec<u8>, modified: Time },
    /// `synced` is what a power failure may leave of `entries`.
    Directory { entries: BTreeMap<OsString, usize>, synced: BTreeMap<OsString, usize> },
}

impl Node {
    fn file() -> Self {
        Node::File { content: Vec::new(), synced: Vec::new(), modified: Time::default() }
    }

    fn directory() -> Self {
        Node::Directory { entries: BTreeMap::new(), synced: BTreeMap::new() }
    }

    fn metadata(&self) -> Metadata {
        match self {
            Node::File { content, modified, .. } => Metadata {
                kind: EntryKind::File,
                length: content.len() as u64,
                modified: *modified,
            },
            Node::Directory { .. } => {
                Metadata { kind: EntryKind::Directory, length: 0, modified: Time::default() }
            }
        }
    }
}

impl Default for Nodes {
    fn default() -> Self {
        Nodes(vec![Node::directory()])
    }
}

impl Nodes {
    fn entries(&self, node: usize) -> io::Result<&BTreeMap<OsString, usize>> {
        match &self.0[node] {
            Node::Directory { entries, .. } => Ok(entries),
            Node::File { .. } => Err(ErrorKind::NotADirectory.into()),
        }
    }

    fn entries_mut(&mut self, node: usize) -> io::Result<&mut BTreeMap<OsString, usize>> {
        match &mut self.0[node] {
            Node::Directory { entries, .. } => Ok(entries),
            Node::File { .. } => Err(ErrorKind::NotADirectory.into()),
        }
    }

    /// The number of what is at `path`.
    fn find(&self, path: &Path) -> io::Result<usize> {
        let mut node = 0;
        for name in names(path)? {
            node = *self.entries(node)?.get(name).ok_or(ErrorKind::NotFound)?;
        }
        Ok(node)
    }

    /// The directory that `path` lies in, and its name there.
    fn place_of(&self, path: &Path) -> io::Result<(usize, OsString)> {
        let name = names(path)?.last().copied().ok_or(ErrorKind::InvalidInput)?;
        Ok((self.find(path.parent().unwrap_or(Path::new("")))?, name.to_owned()))
    }

    fn create(&mut self, path: &Path, node: Node) -> io::Result<usize> {
        let number = self.0.len();
        let (directory, name) = self.place_of(path)?;
        let entries = self.entries_mut(directory)?;
        if entries.contains_key(&name) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        entries.insert(name, number);
        self.0.push(node);
        Ok(number)
    }

    /// The file at `path`, made with its directories where it is missing, all of it durable.
    fn put(&mut self, path: &Path) -> io::Result<usize> {
        let mut node = 0;
        let names = names(path)?;
        for (i, name) in names.iter().enumerate() {
            let number = self.0.len();
            let Node::Directory { entries, synced } = &mut self.0[node] else {
                return Err(ErrorKind::NotADirectory.into());
            };
            node = *entries.entry(name.into()).or_insert(number);
            synced.insert(name.into(), node);
            if node == number {
                let last = i + 1 == names.len();
                self.0.push(if last { Node::file() } else { Node::directory() });
            }
        }
        match self.0[node] {
            Node::File { .. } => Ok(node),
            Node::Directory { .. } => Err(ErrorKind::IsADirectory.into()),
        }
    }

    fn unlink(&mut self, path: &Path) -> io::Result<()> {
        let (directory, name) = self.place_of(path)?;
        self.entries_mut(directory)?.remove(&name);
        Ok(())
    }

    /// Whether the name of `replaced` may become that of `moved`.
    fn may_replace(&self, moved: usize, replaced: usize) -> io::Result<()> {
        match (&self.0[moved], &self.0[replaced]) {
            (Node::File { .. }, Node::File { .. }) => Ok(()),
            (Node::File { .. }, Node::Directory { .. }) => Err(ErrorKind::IsADirectory.into()),
            (Node::Directory { .. }, Node::File { .. }) => Err(ErrorKind::NotADirectory.into()),
            (Node::Directory { .. }, Node::Directory { entries, .. }) if entries.is_empty() => {
                Ok(())
            }
            _ => Err(ErrorKind::DirectoryNotEmpty.into()),
        }
    }
}

/// The names on the way from the root.
fn names(path: &Path) -> io::Result<Vec<&OsStr>> {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(Ok(name)),
        Component::RootDir | Component::CurDir => None,
        Component::ParentDir | Component::Prefix(_) => Some(Err(ErrorKind::InvalidInput.into())),
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
