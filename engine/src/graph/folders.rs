//! How file outputs get to the one thread that writes, each with folders of its own.

use std::collections::btree_map::Entry;
use std::path::{Component, Path};

use super::Graph;
use crate::error::Error;
use crate::writer::{Jobs, Writer};

impl Graph<'_> {
    /// The way to the one thread that writes files, for the output that is added next. `folders` is
    /// how those that it writes are named; they must be its own.
    pub(crate) fn writer(&mut self, folders: String) -> Writer {
        let second = self.outputs.len();
        // `q` and `./q` are one folder.
        let parts = Path::new(&folders).components().filter(|part| *part != Component::CurDir);
        match self.folders.entry(parts.collect()) {
            Entry::Occupied(there) => {
                let first = *there.get();
                self.refuse(Error::SameFolders { folders, first, second });
            }
            Entry::Vacant(place) => {
                place.insert(second);
            }
        }
        self.log_writer()
    }

    /// The way to the one thread that writes files.
    pub(crate) fn log_writer(&mut self) -> Writer {
        let jobs = &mut self.jobs;
        let new = || {
            let (writer, arriving) = Writer::new();
            *jobs = Some(arriving);
            writer
        };
        self.writer.get_or_insert_with(new).clone()
    }

    /// What that thread has to do, if there is an output that writes files.
    pub(crate) fn take_jobs(&mut self) -> Option<Jobs> {
        self.jobs.take()
    }
}
