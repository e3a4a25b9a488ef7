//! Directories made with those that they lie in.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::{AnyDisk, failed};
use crate::error::Result;

/// How a directory is made.
type Make = fn(&dyn AnyDisk, &Path) -> io::Result<()>;

const FOR_THE_OWNER: Make = |disk, path| disk.create_directory(path);
const FOR_OTHERS_TOO: Make = |disk, path| disk.create_shared_directory(path);

/// Makes a directory where it is missing, as [`make_directory_durably`] does.
pub(crate) fn make_directory(disk: &dyn AnyDisk, directory: &Path) -> Result<()> {
    make(disk, directory, FOR_THE_OWNER)
}

/// Makes a directory for its owner alone, and those that it lies in, where they are missing, and makes their
/// names durable. That of the first that is there is synced too, for a crash may have come between its
/// making and the sync.
pub(crate) fn make_directory_durably(disk: &dyn AnyDisk, directory: &Path) -> Result<()> {
    make_durably(disk, directory, FOR_THE_OWNER)
}

/// As [`make_directory`], for whomever the process lets have what it makes: a place for results.
pub(crate) fn make_shared_directory(disk: &dyn AnyDisk, directory: &Path) -> Result<()> {
    make(disk, directory, FOR_OTHERS_TOO)
}

/// As [`make_directory_durably`], for whomever the process lets have what it makes.
pub(crate) fn make_shared_directory_durably(disk: &dyn AnyDisk, directory: &Path) -> Result<()> {
    make_durably(disk, directory, FOR_OTHERS_TOO)
}

fn make(disk: &dyn AnyDisk, directory: &Path, create: Make) -> Result<()> {
    match is_there(disk, directory)? {
        true => Ok(()),
        false => make_durably(disk, directory, create),
    }
}

fn make_durably(disk: &dyn AnyDisk, directory: &Path, create: Make) -> Result<()> {
    if directory.file_name().is_none() {
        return Ok(());
    }
    let parent = parent_of(directory);
    if !is_there(disk, directory)? {
        make_durably(disk, parent, FOR_OTHERS_TOO)?;
        match create(disk, directory) {
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::disk::RealDisk;

    #[test]
    fn what_holds_records_is_for_its_owner_alone_and_what_holds_results_as_the_process_has_it() {
        let home = tempfile::tempdir().unwrap();
        let mode = |path: &str| {
            let metadata = std::fs::metadata(home.path().join(path)).unwrap();
            metadata.permissions().mode() & 0o777
        };
        std::fs::create_dir(home.path().join("usual")).unwrap();
        make_directory(&RealDisk, &home.path().join("jobs/counts")).unwrap();
        make_directory_durably(&RealDisk, &home.path().join("jobs/counts/blocks")).unwrap();
        // What it lies in may be where others have something too.
        assert_eq!(mode("jobs"), mode("usual"));
        assert_eq!(["jobs/counts", "jobs/counts/blocks"].map(mode), [0o700; 2]);
        make_shared_directory(&RealDisk, &home.path().join("out/counts")).unwrap();
        make_shared_directory_durably(&RealDisk, &home.path().join("out/more")).unwrap();
        assert_eq!(["out", "out/counts", "out/more"].map(mode), [mode("usual"); 3]);
    }
}
