//! Where the segments of a log are, and how they are named.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use crate::directory::{Directory, Found, Numbered};
use crate::disk::{
    AnyDisk, Unpublished, failed, make_directory, make_directory_durably, sync_names,
};
use crate::error::{Error, Result};
use crate::frame::{Begin, MOST_BEGIN_BYTES};

/// The names of segments.
pub(crate) const SEGMENTS: Numbered = Numbered { before: "", behind: ".log" };

pub(super) struct Place {
    /// It stays this process's for as long as the log is there.
    held: Arc<Directory>,
    name: &'static str,
    directory: PathBuf,
}

impl Place {
    pub(super) fn of(held: &Arc<Directory>, name: &'static str) -> Self {
        Place { held: held.clone(), name, directory: held.path().join(name) }
    }

    pub(super) fn disk(&self) -> &dyn AnyDisk {
        self.held.disk()
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn path(&self, number: u64) -> PathBuf {
        SEGMENTS.path(&self.directory, number)
    }

    /// What a segment says that it belongs to.
    pub(super) fn begin(&self, number: u64) -> Begin {
        self.held.begin(self.name, number)
    }

    /// The segments that there are, whose names are durable from then on.
    pub(super) fn find(&self) -> Result<Found> {
        make_directory(self.disk(), &self.directory)?;
        let found = SEGMENTS.find(self.disk(), &self.directory)?;
        match found.numbers.is_empty() {
            true => make_directory_durably(self.disk(), &self.directory)?,
            false => self.sync().map_err(|unsynced| unsynced.error)?,
        }
        Ok(found)
    }

    /// What is to be said of a file that is no longer where it was: with the whole directory, perhaps.
    pub(super) fn lost(&self, file: &Path) -> Error {
        match self.held.check() {
            Err(lost @ Error::DirectoryLost { .. }) => lost,
            _ => Error::FileLost { file: file.display().to_string() },
        }
    }

    /// Makes durable which segments there are.
    pub(super) fn sync(&self) -> Result<(), Unpublished> {
        sync_names(self.disk(), &self.directory)
    }

    pub(super) fn read(&self, number: u64) -> Result<Bytes> {
        self.read_at_most(number, u64::MAX)
    }

    /// Enough of a segment to know how it begins.
    pub(super) fn read_beginning(&self, number: u64) -> Result<Bytes> {
        self.read_at_most(number, MOST_BEGIN_BYTES)
    }

    fn read_at_most(&self, number: u64, most_bytes: u64) -> Result<Bytes> {
        let path = self.path(number);
        let read = self.disk().read_at_most(&path, most_bytes);
        read.map(Bytes::from).map_err(|e| failed("reading", &path, &e))
    }
}
