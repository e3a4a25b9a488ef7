//! Directories made with those that they lie in.

use std::io::ErrorKind;
use std::path::Path;

use super::{AnyDisk, failed};
use crate::error::Result;

/// Makes a directory where it is missing, as [`make_directory_durably`] does.
pub(crate) fn make_directory(disk: &dyn AnyDisk, directory: &Path) -> Result<()> {
    match is_there(disk, directory)? {
        true => Ok(()),
        false => make_directory_durably(disk, directory),
    }
}

/// Makes a directory, and those that it lies in, where they are missing, and makes their names
/// durable. That of the first that is there is synced too, for a crash may have come between its
/// making and the sync.
pub(crate) fn make_directory_durably(disk: &dyn AnyDisk, directory: &Path) -> Result<()> {
    if directory.file_name().is_none() {
        return Ok(());
    }
    let parent = parent_of(directory);
    if !is_there(disk, directory)? {
        make_directory_durably(disk, parent)?;
        match disk.create_directory(directory) {
            Err(e) if e.kind() != ErrorKind::AlreadyExists => {
                return Err(failed("making", directory, &e));
            }
            _ => {}
        }
    }
    match disk.sync_directory(parent) {
        // Where this process may not read, it has made nothing.
        Err(e) if e.kind() != ErrorKind::PermissionDenied => Err(failed("syncing", parent, &e)),
        _ => Ok(()),
    }
}

fn is_there(disk: &dyn AnyDisk, path: &Path) -> Result<bool> {
    match disk.metadata(path) {
        Ok(_) => Ok(true),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
        Err(e) => Err(failed("looking at", path, &e)),
    }
}

/// The directory that the name of `path` is in.
pub(crate) fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
