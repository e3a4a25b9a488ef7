//! What is said of a call that has failed.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::error::Error;

/// An error that says what was done to `path`, why that has failed, and what helps, where that is
/// known.
pub(crate) fn failed(doing: &str, path: &Path, error: &io::Error) -> Error {
    let what = format!("{doing} {} failed", path.display());
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
