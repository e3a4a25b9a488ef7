//! The disk, behind a seam: the machine's, or one in memory for tests.
//!
//! What the engine writes to files (the progress, where it is asked for) goes through [`Disk`], so that
//! a test can look at it, and take it away at any moment, without a file system.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

/// The few things that the engine asks of a file system. Every call may fail with the system's
/// error.
pub trait Disk: Clone + Send + Sync + 'static {
    /// An open file that is written from front to back.
    type File: DiskFile;

    /// Makes a new file; fails with [`io::ErrorKind::AlreadyExists`] where there is one, so that
    /// nothing is overwritten.
    fn create_new(&self, path: &Path) -> io::Result<Self::File>;
    /// The whole content of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// Gives a file another name in the same directory, replacing what bore it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes creations, renames and removals in `directory` durable.
    fn sync_directory(&self, directory: &Path) -> io::Result<()>;
}

/// A file open for writing.
pub trait DiskFile: Write + Send + 'static {
    /// Makes what was written durable. A failure is final: what was written before it may be lost,
    /// and a later success says nothing about it.
    fn sync(&mut self) -> io::Result<()>;
}

/// The machine's file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    type File = fs::File;

    fn create_new(&self, path: &Path) -> io::Result<fs::File> {
        fs::File::create_new(path)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        fs::File::open(directory)?.sync_all()
    }
}

impl DiskFile for fs::File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// A file system in memory; clones are the same one. Directories exist by themselves.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk(Arc<Mutex<BTreeMap<PathBuf, Content>>>);

type Content = Arc<Mutex<Vec<u8>>>;

impl Disk for MemoryDisk {
    type File = MemoryFile;

    fn create_new(&self, path: &Path) -> io::Result<MemoryFile> {
        let mut files = self.0.lock();
        if files.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let content = Content::default();
        files.insert(path.into(), content.clone());
        Ok(MemoryFile(content))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let files = self.0.lock();
        let content = files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(content.lock().clone())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut files = self.0.lock();
        let content = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        files.insert(to.into(), content);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.lock().remove(path).map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sync_directory(&self, _directory: &Path) -> io::Result<()> {
        Ok(())
    }
}

/// A file of a [`MemoryDisk`].
#[derive(Debug)]
pub struct MemoryFile(Content);

impl Write for MemoryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskFile for MemoryFile {
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both disks pass the same test, so that a test on one says something about the other.
    fn behaves(disk: impl Disk, home: &Path) {
        let (a, b) = (home.join("a"), home.join("b"));
        let mut file = disk.create_new(&a).unwrap();
        file.write_all(b"first").unwrap();
        file.sync().unwrap();
        assert_eq!(disk.create_new(&a).err().unwrap().kind(), io::ErrorKind::AlreadyExists);
        disk.create_new(&b).unwrap();
        disk.rename(&a, &b).unwrap();
        disk.sync_directory(home).unwrap();
        file.write_all(b" second").unwrap();
        assert_eq!(disk.read(&b).unwrap(), b"first second");
        assert_eq!(disk.read(&a).err().unwrap().kind(), io::ErrorKind::NotFound);
        disk.remove(&b).unwrap();
        assert_eq!(disk.remove(&b).err().unwrap().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn the_real_disk_behaves() {
        let home = tempfile::tempdir().unwrap();
        behaves(RealDisk, home.path());
    }

    #[test]
    fn the_disk_in_memory_behaves_alike() {
        behaves(MemoryDisk::default(), Path::new("/anywhere"));
    }
}
