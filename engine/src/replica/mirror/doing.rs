//! What a job has done with its files while it runs, as far as its second copy must have it.

use std::collections::{BTreeMap, BTreeSet};

use super::ours::begin_of;
use super::sides::{Sent, Why};
use super::written::Written;
use crate::directory::{IDENTITY, Life};
use crate::disk::TEMPORARY;

/// A file that is written.
pub(super) struct Open {
    pub(super) path: String,
    pub(super) bytes: u64,
}

/// What the job has done with its files while it runs.
pub(super) struct Doing<'a> {
    /// The files that are open, by their numbers.
    pub(super) open: &'a BTreeMap<u64, Open>,
    /// How many bytes were written to those that are closed again, by their paths.
    pub(super) closed: &'a BTreeMap<String, u64>,
    /// What was removed, and is not known to be gone for good there.
    pub(super) removed: &'a BTreeSet<String>,
    /// The start that this is, once it has noted itself.
    pub(super) life: Option<Life>,
}

impl Doing<'_> {
    /// How a file is sent that nothing is there of.
    pub(super) fn sent(&self, path: &str, job: &str, directory: u64) -> Sent {
        let open = self.open.iter().find(|(_, open)| open.path == path);
        let bytes = open.map(|(_, open)| open.bytes).or_else(|| self.closed.get(path).copied());
        // What is being written has no name yet, and is to have this one. The number of a new directory is known when
        // its identity is there.
        let named = path.strip_suffix(TEMPORARY).unwrap_or(path);
        let begin = begin_of(named, job, directory).filter(|begin| begin.of != IDENTITY);
        Sent {
            keep: None,
            open: open.map(|(number, _)| *number),
            written: bytes.zip(begin).map(|(bytes, begin)| Written { bytes, begin }),
            why: Why::Lacking,
        }
    }
}
