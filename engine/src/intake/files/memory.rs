//! What a stream of files remembers, and what is written down of it: a position in each snapshot, and a note of
//! each batch behind it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::listing::Listed;
use super::path_bytes;
use crate::time::Time;

/// All that is remembered.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// Whether files of any age were chosen.
    pub(super) any_age: bool,
    /// Files that were modified by then are not new.
    pub(super) after: Time,
    /// The last batch that files were chosen for.
    pub(super) last: Option<Time>,
    /// The files that are known.
    pub(super) chosen: Vec<Chosen>,
    /// Of these, those that were not read, in order.
    pub(super) waiting: Vec<Listed>,
    /// The bytes of each batch that is kept, the last one first.
    pub(super) taken_bytes: Vec<u64>,
}

/// A file that was chosen for a batch.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Chosen {
    #[serde(with = "path_bytes")]
    pub(super) path: PathBuf,
    pub(super) batch: Time,
}

/// What a batch has changed of that, and which files it was given.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    /// Files that were chosen, in order.
    pub(super) chosen: Vec<Listed>,
    /// Files whose names the filter could not judge: they are known, and do not wait.
    pub(super) refused: Vec<Listed>,
    /// How many of those that waited, the first, wait no longer: they were read, or are left out.
    pub(super) left: usize,
    pub(super) given: Vec<Given>,
}

/// A file that a batch was given.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Given {
    #[serde(with = "path_bytes")]
    path: PathBuf,
    bytes: u64,
    crc: u32,
}

impl Given {
    pub(super) fn new(path: &Path, content: &[u8]) -> Self {
        Given { path: path.into(), bytes: content.len() as u64, crc: crc32fast::hash(content) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How many bytes were read.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether this was the content.
    pub(super) fn was(&self, content: &[u8]) -> bool {
        content.len() as u64 == self.bytes && crc32fast::hash(content) == self.crc
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;
    use crate::durable::{from_bytes, to_bytes};

    #[test]
    fn a_note_comes_back_with_names_that_are_no_text() {
        let path = PathBuf::from(OsStr::from_bytes(b"in/\xff\x00"));
        let listed = Listed { path: path.clone(), length: 3, modified: Time::from_millis(-1) };
        let note = Note {
            chosen: vec![listed.clone()],
            refused: vec![listed],
            left: 1,
            given: vec![Given::new(&path, b"abc")],
        };
        assert_eq!(from_bytes::<Note>(&to_bytes(&note).unwrap()).unwrap(), note);
    }

    #[test]
    fn a_file_is_the_same_if_its_content_is() {
        let given = Given::new("a".as_ref(), b"abc");
        assert!(given.was(b"abc"));
        assert!(!given.was(b"abd") && !given.was(b"ab") && !given.was(b"abc\n"));
    }
}
