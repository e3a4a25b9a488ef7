//! A file that has its name only once it is whole and durable.
//!
//! It is written as `NAME.tmp`, synced and checked; then it gets its name, and the directory is
//! synced. Where that fails the temporary file is removed, as far as the disk lets it.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::directories::parent_of;
use super::{AnyDisk, DiskFile, failed, lacks_descriptors};
use crate::error::{Error, Result};

/// How the name of a file ends that is being written.
pub(crate) const TEMPORARY: &str = ".tmp";

/// Why a file was not published, or a name is not durable.
#[derive(Debug)]
pub(crate) struct Unpublished {
    pub(crate) error: Error,
    /// Whether it was a sync that failed; not one that could not be tried.
    pub(crate) by_sync: bool,
}

/// Makes the file at `path`, of which there must be none: `fill` writes it, and `check`, which is
/// given its temporary name, may look at it. It can be written further through what is returned.
pub(crate) fn publish(
    disk: &dyn AnyDisk,
    path: &Path,
    fill: impl FnOnce(&mut dyn DiskFile) -> io::Result<()>,
    check: impl FnOnce(&Path) -> Result<()>,
) -> Result<Box<dyn DiskFile>, Unpublished> {
    let temporary = temporary_of(path);
    let made = create(disk, &temporary).map_err(|e| failed("making", &temporary, &e));
    let mut file = made.map_err(|error| Unpublished { error, by_sync: false })?;
    let written = write(disk, path, &temporary, &mut *file, fill, check);
    written.map_err(|unpublished| taken_back(disk, &temporary, unpublished))?;
    Ok(file)
}

/// Makes a temporary file, in the place of one that a crash has left.
fn create(disk: &dyn AnyDisk, temporary: &Path) -> io::Result<Box<dyn DiskFile>> {
    match disk.create_new(temporary) {
        Err(e) if e.kind() == ErrorKind::AlreadyExists => {
            disk.remove(temporary)?;
            disk.create_new(temporary)
        }
        made => made,
    }
}

fn write(
    disk: &dyn AnyDisk,
    path: &Path,
    temporary: &Path,
    file: &mut dyn DiskFile,
    fill: impl FnOnce(&mut dyn DiskFile) -> io::Result<()>,
    check: impl FnOnce(&Path) -> Result<()>,
) -> Result<(), Unpublished> {
    let otherwise = |error| Unpublished { error, by_sync: false };
    let by_sync = |error| Unpublished { error, by_sync: true };
    fill(file).map_err(|e| otherwise(failed("writing", temporary, &e)))?;
    file.sync().map_err(|e| by_sync(failed("syncing", temporary, &e)))?;
    check(temporary).map_err(otherwise)?;
    disk.rename(temporary, path).map_err(|e| otherwise(failed("renaming", temporary, &e)))?;
    sync_names(disk, parent_of(path)).map_err(|unsynced| match unsynced.by_sync {
        true => unsynced,
        // It is begun anew, under this name or another.
        false => taken_back(disk, path, unsynced),
    })
}

/// Removes a file that was not published.
fn taken_back(disk: &dyn AnyDisk, file: &Path, unpublished: Unpublished) -> Unpublished {
    match disk.remove(file) {
        Err(e) if e.kind() != ErrorKind::NotFound => {
            let error = unpublished.error.and(failed("removing", file, &e));
            Unpublished { error, ..unpublished }
        }
        _ => unpublished,
    }
}

/// Makes durable which names are in a directory. Where that could not be tried, it may be tried again.
pub(crate) fn sync_names(disk: &dyn AnyDisk, directory: &Path) -> Result<(), Unpublished> {
    disk.sync_directory(directory).map_err(|e| Unpublished {
        error: failed("syncing", directory, &e),
        by_sync: !lacks_descriptors(&e),
    })
}

/// The name of a file that is being written.
fn temporary_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(path.file_name().unwrap_or_default());
    name.push(TEMPORARY);
    path.with_file_name(name)
}
