//! What a batch takes of the files that it is given, and what it misses.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use super::listing::Listed;
use super::memory::Given;
use super::reading;
use crate::disk::AnyDisk;
use crate::framing::Framing;
use crate::intake::polled::{Polled, Records, Trouble};
use crate::progress::LineCounts;
use crate::received::{ReceivedBlock, RecordPolicy};

/// What keeps files from being read while they are written.
const CURE: &str = "write files elsewhere, and rename them into the directory when they are whole";

/// What keeps files there that are to be read again.
const KEEP: &str = "leave files as they are until a checkpoint has what their batches have left";

/// What a file says that was read before the process died, and cannot be now.
const HAD: &str = "the batch had it before the process died, and its records are missing now";

/// What a batch has got so far.
pub(super) struct Taking<'f> {
    /// The operation as the program wrote it, for sentences.
    operation: &'f str,
    /// The length of records that are bytes; without one they are lines.
    record_bytes: Option<usize>,
    disk: Arc<dyn AnyDisk>,
    policy: RecordPolicy,
    blocks: Vec<Arc<ReceivedBlock>>,
    framing: LineCounts,
    pub(super) troubles: Vec<Trouble>,
}

impl<'f> Taking<'f> {
    pub(super) fn new(
        operation: &'f str,
        record_bytes: Option<usize>,
        disk: &Arc<dyn AnyDisk>,
        policy: RecordPolicy,
    ) -> Self {
        Taking {
            operation,
            record_bytes,
            disk: disk.clone(),
            policy,
            blocks: Vec::new(),
            framing: LineCounts::default(),
            troubles: Vec::new(),
        }
    }

    /// Reads a file. Gives what is to be noted of it, where `is_noted`.
    pub(super) fn read(&mut self, file: &Listed, is_noted: bool) -> Option<Given> {
        let bytes = match self.disk.read_at_most(&file.path, file.length) {
            Ok(bytes) => bytes,
            Err(e) => {
                let what = format!("could not be read and is left out: {e}; {CURE}");
                self.lose(&file.path, what);
                return None;
            }
        };
        let read = bytes.len() as u64;
        if read < file.length {
            let what = format!(
                "had {} bytes when it was listed and {read} when it was read, so the rest is \
                 missing; {CURE}",
                file.length
            );
            self.lose(&file.path, what);
        }
        let given = is_noted.then(|| Given::new(&file.path, &bytes));
        self.cut(&file.path, bytes);
        given
    }

    /// Reads a file again that the batch was given before the process died.
    pub(super) fn read_again(&mut self, file: &Given) {
        match self.disk.read_at_most(file.path(), file.bytes()) {
            Ok(bytes) if file.was(&bytes) => self.cut(file.path(), bytes),
            Ok(_) => {
                let what = format!("has another content than when it was read: {HAD}; {KEEP}");
                self.lose(file.path(), what);
            }
            Err(e) => {
                self.lose(file.path(), format!("could not be read again: {e}; {HAD}; {KEEP}"));
            }
        }
    }

    /// Records of this file are missing.
    pub(super) fn lose(&mut self, path: &Path, what: impl Display) {
        let sentence = format!("{}: {} {what}", self.operation, path.display());
        self.troubles.push(Trouble::ForGood(sentence));
    }

    /// Cuts the content of a file into blocks.
    fn cut(&mut self, path: &Path, bytes: Vec<u8>) {
        match self.record_bytes {
            None => self.blocks.extend(reading::lines(bytes, self.policy, &mut self.framing)),
            Some(record) if bytes.len().is_multiple_of(record) => {
                let policy = self.policy.framed(Some(Framing::Fixed(record)));
                self.blocks.extend(reading::blocks(bytes, policy));
            }
            Some(record) => {
                let what = format!(
                    "has {} bytes, which is no multiple of the {record} bytes of a record, so none of \
                     it is given; {CURE}",
                    bytes.len()
                );
                self.lose(path, what);
            }
        }
    }
}

impl From<Taking<'_>> for Polled {
    fn from(taking: Taking<'_>) -> Self {
        let Taking { blocks, framing, troubles, .. } = taking;
        Polled { records: Records::Blocks(blocks), framing, troubles }
    }
}
