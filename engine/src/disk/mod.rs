//! The disk, behind a seam: the machine's, or one in memory for tests.
//!
//! What the engine reads from files and writes to them goes through [`Disk`], so that a test can
//! look at it, and take it away at any moment, without a file system.

mod any;
mod directories;
mod failed;
mod mapped;
mod memory;
mod publish;
mod real;
mod scratch;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

pub(crate) use any::AnyDisk;
pub(crate) use directories::{
    make_directory, make_directory_durably, make_shared_directory, make_shared_directory_durably,
    parent_of,
};
use failed::lacks_descriptors;
pub(crate) use failed::{failed, is_damage};
pub use memory::{Call, MemoryDisk, MemoryFile, MemoryLock, Names, Unsynced};
pub(crate) use publish::{TEMPORARY, Unpublished, publish, sync_names};
pub use real::RealDisk;
pub use scratch::Scratch;

use crate::time::Time;

/// The few things that the engine asks of a file system. Every call may fail with the system's
/// error; a call that panics on a thread of the engine ends the process.
pub trait Disk: Clone + Send + Sync + 'static {
    /// An open file that is written from front to back.
    type File: DiskFile;
    /// Holds a file for one, for as long as it lives.
    type Lock: Send + Sync + 'static;

    /// Makes a new file; fails with [`io::ErrorKind::AlreadyExists`] where there is one, so that
    /// nothing is overwritten.
    fn create_new(&self, path: &Path) -> io::Result<Self::File>;
    /// The content of a file, of which no more than the first `most_bytes`: a file may grow while
    /// it is read.
    fn read_at_most(&self, path: &Path, most_bytes: u64) -> io::Result<Vec<u8>>;
    /// Gives a file or a directory another name, in the same directory or another one of the same
    /// file system. A file replaces a file that bore the name, a directory an empty directory.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes a directory in one that exists, which nobody but its owner has to do with, where there are owners: what
    /// was received is kept there. Fails with [`io::ErrorKind::AlreadyExists`] where
    /// there is something of its name.
    fn create_directory(&self, path: &Path) -> io::Result<()>;
    /// Makes a directory in the same way, for results: others may have to do with it as the process is set to let them.
    /// As [`create_directory`](Disk::create_directory), unless it is written otherwise.
    fn create_shared_directory(&self, path: &Path) -> io::Result<()> {
        self.create_directory(path)
    }

    /// Removes a directory with everything in it, one thing after the other.
    fn remove_directory(&self, path: &Path) -> io::Result<()>;
    /// What lies directly in a directory, by name.
    fn list(&self, directory: &Path) -> io::Result<Vec<Entry>>;
    /// What is at `path`.
    fn metadata(&self, path: &Path) -> io::Result<Metadata>;
    /// Makes creations, renames and removals in `directory` durable.
    fn sync_directory(&self, directory: &Path) -> io::Result<()>;
    /// Holds the file at `path`, against other processes too, until what is returned is dropped or
    /// the process ends; makes the file where it is missing, and never writes to it. Fails with
    /// [`io::ErrorKind::WouldBlock`] where somebody holds it.
    fn lock(&self, path: &Path) -> io::Result<Self::Lock>;

    /// A file without a name in `directory`, for data that memory has no room for. A disk that has none, as
    /// this does unless it is written otherwise, cannot be spilled to.
    fn scratch(&self, directory: &Path) -> io::Result<Box<dyn Scratch>> {
        let sentence = format!("this disk has no files without a name for {}", directory.display());
        Err(io::Error::new(io::ErrorKind::Unsupported, sentence))
    }

    /// The whole content of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.read_at_most(path, u64::MAX)
    }
}

/// A file open for writing.
pub trait DiskFile: Write + Send + 'static {
    /// Makes what was written durable. A failure is final: what was written before it may be lost,
    /// and a later success says nothing about it.
    fn sync(&mut self) -> io::Result<()>;
    /// Whether this file is what is found at `path`: not where it was removed, or another one is in its place. What is
    /// written to it then is found by nobody, however well it is synced.
    fn is_at(&self, path: &Path) -> io::Result<bool>;
}

/// What lies in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name within the directory.
    pub name: OsString,
    /// What it is.
    pub metadata: Metadata,
}

/// What is known of a file or a directory without opening it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// What it is; a link counts as what it leads to.
    pub kind: EntryKind,
    /// The length of a file's content, in bytes; of anything else it says nothing.
    pub length: u64,
    /// When its content was last changed, rounded down to milliseconds.
    pub modified: Time,
}

/// What bears a name in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file that ends somewhere.
    File,
    /// A directory.
    Directory,
    /// A pipe, a socket, a device: reading it might never end.
    Other,
}

#[cfg(test)]
mod tests {
    use std::io::{self, ErrorKind, IoSlice, Write};
    use std::path::Path;

    use super::{Disk, DiskFile, EntryKind, MemoryDisk, RealDisk};

    fn error<T>(outcome: io::Result<T>) -> ErrorKind {
        outcome.err().expect("it fails").kind()
    }

    /// Both disks pass the same test, so that a test on one says something about the other.
    fn behaves(disk: impl Disk, home: &Path) {
        files_behave(&disk, home);
        locks_behave(&disk, home);
        directories_behave(&disk, home);
        scratch_files_behave(&disk, home);
    }

    fn files_behave(disk: &impl Disk, home: &Path) {
        let (a, b) = (home.join("a"), home.join("b"));
        let mut file = disk.create_new(&a).unwrap();
        file.write_all(b"first").unwrap();
        file.sync().unwrap();
        assert_eq!(error(disk.create_new(&a)), ErrorKind::AlreadyExists);
        let other = disk.create_new(&b).unwrap();
        let are_at_b = || (file.is_at(&b).unwrap(), other.is_at(&b).unwrap());
        assert!(file.is_at(&a).unwrap() && are_at_b() == (false, true));
        disk.rename(&a, &b).unwrap();
        assert!(!file.is_at(&a).unwrap() && are_at_b() == (true, false));
        disk.sync_directory(home).unwrap();
        let parts = [IoSlice::new(b" sec"), IoSlice::new(b""), IoSlice::new(b"ond")];
        assert_eq!(file.write_vectored(&parts).unwrap(), 7);
        assert_eq!(disk.read(&b).unwrap(), b"first second");
        assert_eq!(disk.read_at_most(&b, 3).unwrap(), b"fir");
        assert_eq!(error(disk.read(&a)), ErrorKind::NotFound);
        let metadata = disk.metadata(&b).unwrap();
        assert_eq!((metadata.kind, metadata.length), (EntryKind::File, 12));
        disk.remove(&b).unwrap();
        assert!(!file.is_at(&b).unwrap() && !file.is_at(&b.join("c")).unwrap());
        disk.create_directory(&home.join("d")).unwrap();
        let within = disk.create_new(&home.join("d/e")).unwrap();
        assert!(within.is_at(&home.join("d/e")).unwrap());
        disk.remove_directory(&home.join("d")).unwrap();
        assert!(!within.is_at(&home.join("d/e")).unwrap());
        assert_eq!(error(disk.remove(&b)), ErrorKind::NotFound);
        assert_eq!(error(disk.metadata(&b)), ErrorKind::NotFound);
    }

    fn locks_behave(disk: &impl Disk, home: &Path) {
        let lock = home.join("lock");
        assert_eq!(error(disk.lock(&lock.join("none"))), ErrorKind::NotFound);
        let held = disk.lock(&lock).unwrap();
        assert_eq!(error(disk.lock(&lock)), ErrorKind::WouldBlock);
        drop(held);
        disk.create_new(&home.join("l")).unwrap().write_all(b"kept").unwrap();
        disk.rename(&home.join("l"), &lock).unwrap();
        let held = disk.lock(&lock).unwrap();
        assert_eq!(disk.read(&lock).unwrap(), b"kept");
        disk.remove(&lock).unwrap();
        let other = disk.lock(&lock).unwrap();
        assert_eq!(disk.metadata(&lock).unwrap().length, 0, "it is another file of that name");
        drop((held, other));
        disk.remove(&lock).unwrap();
    }

    fn directories_behave(disk: &impl Disk, home: &Path) {
        let (x, y) = (home.join("x"), home.join("y"));
        assert_eq!(error(disk.create_new(&x.join("file"))), ErrorKind::NotFound);
        assert_eq!(error(disk.create_directory(&x.join("in"))), ErrorKind::NotFound);
        disk.create_directory(&x).unwrap();
        assert_eq!(error(disk.create_directory(&x)), ErrorKind::AlreadyExists);
        disk.create_directory(&x.join("in")).unwrap();
        disk.create_new(&x.join("file")).unwrap().write_all(b"four").unwrap();
        let listed = disk.list(&x).unwrap();
        let names: Vec<_> = listed.iter().map(|e| (e.name.to_str(), e.metadata.kind)).collect();
        let expected = [(Some("file"), EntryKind::File), (Some("in"), EntryKind::Directory)];
        assert_eq!((names, listed[0].metadata.length), (expected.to_vec(), 4));

        disk.create_directory(&y).unwrap();
        disk.rename(&x, &y).unwrap();
        assert_eq!(disk.read(&y.join("file")).unwrap(), b"four");
        assert_eq!(error(disk.list(&x)), ErrorKind::NotFound);
        disk.create_directory(&x).unwrap();
        assert_eq!(error(disk.rename(&x, &y)), ErrorKind::DirectoryNotEmpty);
        assert_eq!(error(disk.list(&y.join("file"))), ErrorKind::NotADirectory);
        assert_eq!(error(disk.read(&y.join("file").join("z"))), ErrorKind::NotADirectory);
        assert_eq!(error(disk.read(&y)), ErrorKind::IsADirectory);
        disk.remove_directory(&y).unwrap();
        assert_eq!(error(disk.remove_directory(&y)), ErrorKind::NotFound);
        assert_eq!(disk.list(home).unwrap().len(), 1);
    }

    fn scratch_files_behave(disk: &impl Disk, home: &Path) {
        let there_before = disk.list(home).unwrap();
        let mut scratch = disk.scratch(home).unwrap();
        assert_eq!(scratch.append(&[]).unwrap(), 0..0);
        assert_eq!(scratch.append(&[b"one", b"", b" two"]).unwrap(), 0..7);
        let long = vec![b'x'; 10_000];
        assert_eq!(scratch.append(&[&long]).unwrap(), 7..10_007);
        assert_eq!(scratch.append(&[b"end"]).unwrap(), 10_007..10_010);
        let read =
            [0..7, 7..10_007, 10_005..10_009, 3..3].map(|range| scratch.read(range).unwrap());
        assert!(scratch.read(10_000..10_011).is_err());
        drop(scratch);
        assert_eq!((&read[0][..], &read[1][..]), (&b"one two"[..], &long[..]));
        assert_eq!((&read[2][..], &read[3][..]), (&b"xxen"[..], &b""[..]));
        assert_eq!(disk.list(home).unwrap(), there_before, "it has no name");
    }

    #[test]
    fn the_real_disk_behaves() {
        let home = tempfile::tempdir().unwrap();
        behaves(RealDisk, home.path());
    }

    #[test]
    fn the_disk_in_memory_behaves_alike() {
        let disk = MemoryDisk::default();
        disk.create_directory("/home".as_ref()).unwrap();
        behaves(disk, Path::new("/home"));
    }
}
