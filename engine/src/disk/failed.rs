//! What is said of a call that has failed.

use std::io::{self, ErrorKind};
use std::path::Path;

use nix::errno::Errno;

use crate::error::Error;

/// An error that says what was done to `path`, why that has failed, and what helps, where that is
/// known. What there is no room or no descriptor for may be done later.
///
/// A disk that does more than the machine's may have failed for a reason of its own, which is said as it is.
pub(crate) fn failed(doing: &str, path: &Path, error: &io::Error) -> Error {
    let carried = error.get_ref().and_then(|carried| carried.downcast_ref::<Error>());
    if let Some(own) = carried.filter(|own| !matches!(own, Error::Io { .. })) {
        return own.clone();
    }
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
    fn a_lack_of_descriptors_and_what_is_carried_are_told_apart_from_a_failure() {
        for errno in [Errno::EMFILE, Errno::ENFILE] {
            let said = failed("reading", Path::new("/job/identity"), &errno.into());
            assert!(matches!(said, Error::NoRoom { .. }), "{said}");
            let said = said.to_string();
            assert!(said.contains("reading /job/identity failed") && said.contains("ulimit -n"));
        }
        let carried = io::Error::other(Error::GoneOnElsewhere { copy: "there:1/job".to_owned() });
        let said = failed("syncing", Path::new("/job/a"), &carried).about("checkpoint 3");
        assert!(matches!(said, Error::GoneOnElsewhere { .. }), "{said}");
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
