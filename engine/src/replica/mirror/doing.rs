//! What a job has done with its files while it runs, as far as its second copy must have it.

use std::collections::{BTreeMap, BTreeSet};

use super::ours::begin_of;
use super::sides::{Sent, Why};
use super::written::Written;
use crate::directory::{IDENTITY, Life};
use crate::disk::TEMPORARY;

/// What the job has done with its files while it runs.
#[derive(Default)]
pub(super) struct Doing {
    /// The files that are open, by the numbers that they have at the replica.
    open: BTreeMap<u64, Open>,
    /// How many bytes were written to those that are closed again, by their paths.
    closed: BTreeMap<String, u64>,
    /// What was removed, and is not known to be gone for good there.
    removed: BTreeSet<String>,
    /// The start that this is, once it has noted itself.
    pub(super) life: Option<Life>,
}

/// A file that is written.
struct Open {
    path: String,
    bytes: u64,
}

impl Doing {
    pub(super) fn created(&mut self, file: u64, path: &str) {
        self.removed.remove(path);
        self.open.insert(file, Open { path: path.to_owned(), bytes: 0 });
    }

    /// So many bytes were appended to an open file. Answers behind how many others.
    pub(super) fn appended(&mut self, file: u64, bytes: usize) -> Option<u64> {
        let open = self.open.get_mut(&file)?;
        let offset = open.bytes;
        open.bytes += bytes as u64;
        Some(offset)
    }

    /// Answers whether it was open.
    pub(super) fn closed(&mut self, file: u64) -> bool {
        let open = self.open.remove(&file);
        open.map(|Open { path, bytes }| self.closed.insert(path, bytes)).is_some()
    }

    pub(super) fn renamed(&mut self, from: &str, to: &str) {
        for open in self.open.values_mut().filter(|open| open.path == from) {
            open.path = to.to_owned();
        }
        if let Some(bytes) = self.closed.remove(from) {
            self.closed.insert(to.to_owned(), bytes);
        }
    }

    /// Answers which open files had that name: what has none any more is open here for a while at most.
    pub(super) fn removed(&mut self, path: &str) -> Vec<u64> {
        let is_it = |(file, open): (&u64, &Open)| (open.path == path).then_some(*file);
        let open = self.open.iter().filter_map(is_it).collect();
        self.open.retain(|_, open| open.path != path);
        self.closed.remove(path);
        self.removed.insert(path.to_owned());
        open
    }

    /// What was removed from a directory is gone for good there.
    pub(super) fn are_gone(&mut self, directory: &str) {
        let is_in =
            |path: &String| path.rsplit_once('/').map_or("", |(within, _)| within) == directory;
        self.removed.retain(|path| !is_in(path));
    }

    /// All that was removed is.
    pub(super) fn all_are_gone(&mut self) {
        self.removed.clear();
    }

    /// The paths of what is being written and has no name yet.
    pub(super) fn without_a_name(&self) -> impl Iterator<Item = &str> {
        self.open.values().map(|open| open.path.as_str()).filter(|path| path.ends_with(TEMPORARY))
    }

    /// Whether it was removed, and may be there still.
    pub(super) fn has_removed(&self, path: &str) -> bool {
        self.removed.contains(path)
    }

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
