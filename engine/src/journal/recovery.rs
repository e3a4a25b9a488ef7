//! What is found in the logs behind a checkpoint, brought into the order in which it is gone on with.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::position::Position;
use super::records::{Assigned, BatchRecord, LoggedParcel};
use super::senders::SendersBySource;
use super::{BATCH, PARCEL};
use crate::block::SourceId;
use crate::checkpoint::Parts;
use crate::error::{Error, Result};
use crate::frame::Frame;
use crate::time::Time;

/// What a job goes on from.
#[derive(Default)]
pub(crate) struct Recovered {
    /// What the newest checkpoint has; none where there is none.
    pub(crate) parts: Option<Parts>,
    /// The batches behind it, in their order.
    pub(crate) again: Vec<Again>,
    /// Parcels that no batch has been given, in their order.
    pub(crate) waiting: Vec<LoggedParcel>,
    /// How far the lines of senders are logged, by the checkpoint and all that was read of the log.
    pub(crate) senders: SendersBySource,
    /// What was found and passed over, in sentences.
    pub(crate) warnings: Vec<String>,
}

impl Recovered {
    /// Finds the place of each source in the graph that there is now, by `find`, for a program may have
    /// changed. Gives the names of those that are in none.
    pub(crate) fn find_sources(
        &mut self,
        find: impl Fn(SourceId, &str) -> Option<SourceId>,
    ) -> BTreeSet<Arc<str>> {
        let mut missing = BTreeSet::new();
        let mut look = |id: &mut SourceId, name: &Arc<str>| match find(*id, name) {
            Some(place) => *id = place,
            None => drop(missing.insert(name.clone())),
        };
        for again in &mut self.again {
            again.parcels.iter_mut().for_each(|parcel| look(&mut parcel.source, &parcel.name));
            again.assigned.polled.iter_mut().for_each(|noted| look(&mut noted.source, &noted.name));
        }
        self.waiting.iter_mut().for_each(|parcel| look(&mut parcel.source, &parcel.name));
        missing
    }
}

/// A batch to be run again.
pub(crate) struct Again {
    pub(crate) assigned: Assigned,
    pub(crate) parcels: Vec<LoggedParcel>,
    /// Its outputs are done.
    pub(crate) is_done: bool,
}

/// Reads both logs, that of batches first.
pub(super) struct Reader<'p> {
    directory: PathBuf,
    position: &'p Position,
    batches: BTreeMap<Time, (Assigned, bool)>,
    /// By parcel, the batch that was given it.
    given_to: HashMap<u64, Time>,
    parcels: BTreeMap<Time, Vec<LoggedParcel>>,
    waiting: Vec<LoggedParcel>,
    senders: SendersBySource,
}

impl<'p> Reader<'p> {
    /// Behind a checkpoint that stands there, when senders had come so far.
    pub(super) fn new(directory: &Path, position: &'p Position, senders: SendersBySource) -> Self {
        Reader {
            directory: directory.into(),
            position,
            batches: BTreeMap::new(),
            given_to: HashMap::new(),
            parcels: BTreeMap::new(),
            waiting: Vec::new(),
            senders,
        }
    }

    pub(super) fn batch(&mut self, frame: &Frame) -> Result<()> {
        let log = "the log of batches";
        self.expect(frame, BATCH, log)?;
        let record = BatchRecord::read(&frame.payload);
        match record.map_err(|reason| self.unreadable(log, frame, reason))? {
            BatchRecord::Assigned(assigned) => {
                let frames = assigned.frames.iter().flat_map(|&(first, end)| first..end);
                self.given_to.extend(frames.map(|frame| (frame, assigned.time)));
                self.batches.insert(assigned.time, (assigned, false));
            }
            BatchRecord::Done(time) => {
                if let Some((_, is_done)) = self.batches.get_mut(&time) {
                    *is_done = true;
                }
            }
        }
        Ok(())
    }

    pub(super) fn parcel(&mut self, frame: &Frame) -> Result<()> {
        let log = "the log of what was received";
        self.expect(frame, PARCEL, log)?;
        let parcel = LoggedParcel::read(frame.sequence, &frame.payload);
        let parcel = parcel.map_err(|reason| self.unreadable(log, frame, reason))?;
        self.senders.note(&parcel.name, &parcel.reached);
        if self.position.has_parcel(frame.sequence) {
            return Ok(());
        }
        match self.given_to.remove(&frame.sequence) {
            Some(time) => self.parcels.entry(time).or_default().push(parcel),
            None => self.waiting.push(parcel),
        }
        Ok(())
    }

    /// What there is to go on from. A parcel that a batch was given and that is not there was durable once: the
    /// reason may be among what was left out of the logs.
    pub(super) fn finish(
        mut self,
        parts: Option<Parts>,
        warnings: Vec<String>,
        left_out: &[String],
    ) -> Result<Recovered> {
        if let Some((frame, time)) = self.given_to.iter().min() {
            let missing = format!("parcel {frame}, which the batch {time} was given, is in none");
            let found: String = left_out.iter().map(|sentence| format!(" ({sentence})")).collect();
            let directory = self.directory.display().to_string();
            return Err(Error::LacksFile { directory, missing: missing + &found });
        }
        let again = self.batches.into_iter().map(|(time, (assigned, is_done))| Again {
            parcels: self.parcels.remove(&time).unwrap_or_default(),
            assigned,
            is_done,
        });
        Ok(Recovered {
            parts,
            again: again.collect(),
            waiting: self.waiting,
            senders: self.senders,
            warnings,
        })
    }

    fn expect(&self, frame: &Frame, kind: u8, log: &str) -> Result<()> {
        match frame.kind == kind {
            true => Ok(()),
            false => {
                let reason = format!("it is of kind {}, and {kind} was expected", frame.kind);
                Err(self.unreadable(log, frame, reason))
            }
        }
    }

    fn unreadable(&self, log: &str, frame: &Frame, reason: String) -> Error {
        let directory = self.directory.display();
        Error::Unreadable {
            what: format!("frame {} of {log} in {directory}", frame.sequence),
            reason,
        }
    }
}
