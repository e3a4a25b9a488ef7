//! What is said of a call that has failed.

use std::io::{self, ErrorKind};
use std::path::Path;

use nix::errno::Errno;

use crate::error::Error;

/// An error that says what was done to `path`, why that has failed, and what helps, where that is
/// known. What there is no room or no descriptor for may be done later.
pub(crate) fn failed(doing: &str, path: &Path, error: &io::Error) -> Error {
    let what = format!("{doing} {} failed", path.display());
    if lacks_descriptors(error) {
        let cure = "raise the limit of open files (`ulimit -n`), or lower Conf::max_connections";
        return Error::NoRoom { what, reason: format!("{error}; {cure}") };
    }
    let cure = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            return Error::NoRoom { what, reason: format!("{error}; make room there") };
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "; let this process write there"
        }
        _ => "",
    };
    Error::Io { what, reason: format!("{error}{cure}") }
}

/// Whether a call has failed before it did anything, because the process, or the machine, has as many files open as
/// it may.
pub(crate) fn lacks_descriptors(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw);
    matches!(errno, Some(Errno::EMFILE | Errno::ENFILE))
}

/// Whether the disk cannot give back what it was given, as far as it says.
pub(crate) fn is_damage(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw);
    matches!(errno, Some(Errno::EIO | Errno::EBADMSG | Errno::EUCLEAN | Errno::EILSEQ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lack_of_descriptors_is_one_of_room_and_says_what_helps() {
        for errno in [Errno::EMFILE, Errno::ENFILE] {
            let said = failed("reading", Path::new("/job/identity"), &errno.into());
            assert!(matches!(said, Error::NoRoom { .. }), "{said}");
            let said = said.to_string();
            assert!(said.contains("reading /job/identity failed") && said.contains("ulimit -n"));
        }
        let other = failed("reading", Path::new("/job"), &Errno::EIO.into());
        assert!(matches!(other, Error::Io { .. }), "{other}");
    }

    #[test]
    fn a_disk_that_has_lost_something_is_told_from_one_that_cannot_be_asked() {
        assert!(is_damage(&Errno::EIO.into()) && is_damage(&Errno::EBADMSG.into()));
        for errno in [Errno::EMFILE, Errno::EACCES, Errno::ENOENT, Errno::ENOMEM] {
            assert!(!is_damage(&errno.into()), "{errno}");
        }
    }
}
