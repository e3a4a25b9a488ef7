//! Files that are there whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result};

/// Writes a file aside and gives it its name when all of it is on the disk. Where that fails nothing is left
/// of it, and what had the name before still has.
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    try_write(path, content.as_ref())
        .with_context(|| format!("{} could not be written", path.display()))
}

fn try_write(path: &Path, content: &[u8]) -> io::Result<()> {
    // A device, or a pipe that somebody reads, is written to and not replaced.
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return fs::write(path, content);
    }
    // A link stays one: it is the file behind it that is written.
    let path = path.canonicalize().unwrap_or_else(|_| path.into());
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?.to_string_lossy();
    let aside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = write_and_sync(&aside, content).and_then(|()| fs::rename(&aside, &path));
    if written.is_err() {
        // It may not even be there; what is told is why it could not be written.
        fs::remove_file(&aside).ok();
    }
    written
}

fn write_and_sync(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(content)?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_the_place_of_the_one_before_and_leaves_nothing_beside() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("page");
        for text in ["one", "two, which is longer", ""] {
            write(&path, text).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }

    #[test]
    fn where_it_cannot_be_written_nothing_is_left_and_the_name_is_told() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("none/page");
        let told = format!("{:#}", write(&path, "text").unwrap_err());
        assert!(told.contains("none/page could not be written: No such file"), "{told}");
        let folder = home.path().join("folder");
        fs::create_dir(&folder).unwrap();
        assert!(write(&folder, "text").is_err());
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_one_and_a_device_is_written_to() {
        let home = tempfile::tempdir().unwrap();
        let (file, link) = (home.path().join("file"), home.path().join("link"));
        fs::write(&file, "before").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write(&link, "after").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "after");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        let device = home.path().join("device");
        std::os::unix::fs::symlink("/dev/null", &device).unwrap();
        write(&device, "text").unwrap();
        assert!(!fs::metadata(&device).unwrap().is_file());
    }
}
