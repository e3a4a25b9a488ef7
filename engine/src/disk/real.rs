//! The machine's file system.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::mapped::MappedScratch;
use super::{Disk, DiskFile, Entry, EntryKind, Metadata, Scratch};
use crate::huge_pages;
use crate::time::Time;

/// The machine's file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    type File = fs::File;
    type Lock = fs::File;

    fn create_new(&self, path: &Path) -> io::Result<fs::File> {
        fs::File::create_new(path)
    }

    fn read_at_most(&self, path: &Path, most_bytes: u64) -> io::Result<Vec<u8>> {
        let file = fs::File::open(path)?;
        let expected = file.metadata()?.len().min(most_bytes);
        // One more, for a line end that the last line may lack.
        let mut bytes = huge_pages::with_capacity(usize::try_from(expected).unwrap_or(0) + 1);
        file.take(most_bytes).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        fs::DirBuilder::new().mode(0o700).create(path)
    }

    fn create_shared_directory(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            match self.metadata(&entry.path()) {
                Ok(metadata) => entries.push(Entry { name: entry.file_name(), metadata }),
                // What has gone since, and a link that cannot be followed, is not there.
                Err(e)
                    if e.kind() == io::ErrorKind::NotFound || entry.file_type()?.is_symlink() => {}
                Err(e) => return Err(e),
            }
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        let metadata = fs::metadata(path)?;
        let kind = match metadata.file_type() {
            kind if kind.is_file() => EntryKind::File,
            kind if kind.is_dir() => EntryKind::Directory,
            _ => EntryKind::Other,
        };
        Ok(Metadata { kind, length: metadata.len(), modified: time_of(metadata.modified()?) })
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        fs::File::open(directory)?.sync_all()
    }

    fn lock(&self, path: &Path) -> io::Result<fs::File> {
        let file = fs::File::options().create(true).append(true).open(path)?;
        file.try_lock()?;
        Ok(file)
    }

    fn scratch(&self, directory: &Path) -> io::Result<Box<dyn Scratch>> {
        Ok(Box::new(MappedScratch::create(directory)?))
    }
}

impl DiskFile for fs::File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        let (this, found) = (self.metadata()?, fs::metadata(path));
        match found {
            Ok(found) => Ok((this.dev(), this.ino()) == (found.dev(), found.ino())),
            Err(e) if is_nothing(&e) => Ok(false),
            Err(e) => Err(e),
        }
    }
}

/// Whether a look has found nothing at a path, or no way there.
fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// A moment of the wall clock, rounded down to milliseconds.
fn time_of(moment: SystemTime) -> Time {
    let nanos = match moment.duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_nanos() as i128,
        Err(before) => -(before.duration().as_nanos() as i128),
    };
    Time::from_millis(nanos.div_euclid(1_000_000) as i64)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn moments_are_rounded_down_on_both_sides_of_the_epoch() {
        let half = Duration::from_micros(1500);
        assert_eq!(time_of(UNIX_EPOCH + half), Time::from_millis(1));
        assert_eq!(time_of(UNIX_EPOCH - half), Time::from_millis(-2));
    }
}
