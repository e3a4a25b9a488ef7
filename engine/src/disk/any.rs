//! A disk whose type is forgotten, so that the settings that hold one have no type parameter.

use std::io;
use std::path::Path;

use super::{Disk, DiskFile, Entry, Metadata, Scratch};

/// What the engine itself asks of a [`Disk`] of any type.
pub(crate) trait AnyDisk: Send + Sync {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    fn read_at_most(&self, path: &Path, most_bytes: u64) -> io::Result<Vec<u8>>;
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    fn remove(&self, path: &Path) -> io::Result<()>;
    fn create_directory(&self, path: &Path) -> io::Result<()>;
    fn create_shared_directory(&self, path: &Path) -> io::Result<()> {
        self.create_directory(path)
    }
    fn remove_directory(&self, path: &Path) -> io::Result<()>;
    fn list(&self, directory: &Path) -> io::Result<Vec<Entry>>;
    fn metadata(&self, path: &Path) -> io::Result<Metadata>;
    fn sync_directory(&self, directory: &Path) -> io::Result<()>;
    /// What is returned holds the lock until it is dropped.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>>;
    fn scratch(&self, directory: &Path) -> io::Result<Box<dyn Scratch>>;
}

impl<D: Disk> AnyDisk for D {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(Disk::create_new(self, path)?))
    }

    fn read_at_most(&self, path: &Path, most_bytes: u64) -> io::Result<Vec<u8>> {
        Disk::read_at_most(self, path, most_bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Disk::rename(self, from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        Disk::remove(self, path)
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        Disk::create_directory(self, path)
    }

    fn create_shared_directory(&self, path: &Path) -> io::Result<()> {
        Disk::create_shared_directory(self, path)
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        Disk::remove_directory(self, path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<Entry>> {
        Disk::list(self, directory)
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        Disk::metadata(self, path)
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        Disk::sync_directory(self, directory)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>> {
        Ok(Box::new(Disk::lock(self, path)?))
    }

    fn scratch(&self, directory: &Path) -> io::Result<Box<dyn Scratch>> {
        Disk::scratch(self, directory)
    }
}
