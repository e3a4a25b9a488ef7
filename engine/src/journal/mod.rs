//! What a job writes down to go on after its process has died: the log of what was received, the log of
//! batches, and checkpoints, in one directory; `docs/durable-files.md` says what they look like.
//!
//! ```text
//! parcel ─▶ blocks.append ─▶ sync ─▶ counts as received
//! batch  ─▶ batches: Assigned (its parcels, what was asked for) ─▶ sync ─▶ outputs ─▶ batches: Done
//! states ─▶ checkpoint: they, where in both logs they stand, how far senders came ─▶ what no checkpoint needs is collected
//! ```
//!
//! Going on, a job begins with the newest checkpoint. Batches behind it are run again from what was written
//! of them; the outputs of those that were done are left out. What no batch was given comes last.

mod position;
mod records;
mod recovery;
mod senders;

#[cfg(test)]
use std::path::Path;
use std::sync::Arc;

use self::position::{Position, Split, Standing};
pub(crate) use self::records::{Assigned, Noted, ranges};
use self::records::{BatchRecord, ParcelRecord};
pub(crate) use self::recovery::{Again, Recovered};
pub(crate) use self::senders::SendersBySource;
use crate::checkpoint::{Checkpoints, Parts};
use crate::directory::{BATCHES, BLOCKS, Directory};
#[cfg(test)]
use crate::disk::AnyDisk;
use crate::error::Result;
use crate::intake::Parcel;
use crate::log::Log;
use crate::received::ReceivedBlock;
use crate::replica::Mirror;
use crate::time::Time;

/// The kind of a parcel's frame.
const PARCEL: u8 = 1;

/// The kind of a frame of the log of batches.
const BATCH: u8 = 2;

/// The part of a checkpoint that says where in the logs it stands.
const POSITION: &str = "position";

/// The part that says how far the lines of senders are logged; none without such senders.
const SENDERS: &str = "senders";

/// The durable files of a job, in the hands of the one thread that writes them.
pub(crate) struct Journal {
    /// The second copy, where there is one.
    mirror: Option<Arc<Mirror>>,
    directory: Arc<Directory>,
    /// There where parcels are logged, or were.
    blocks: Log,
    batches: Log,
    checkpoints: Checkpoints,
    /// Which parcels no batch has been given.
    standing: Standing,
    /// How far the lines of senders are logged.
    senders: SendersBySource,
    /// Where the newest checkpoint stands, from which the job would go on.
    newest: Position,
}

impl Journal {
    /// Opens the directory of a job, or makes it, and reads what is to be gone on from.
    #[cfg(test)]
    pub(crate) fn open(
        disk: Arc<dyn AnyDisk>,
        path: &Path,
        job: &str,
    ) -> Result<(Journal, Recovered)> {
        Journal::of(Directory::open(disk, path, job)?, None, |_| Ok(()))
    }

    /// Reads what is to be gone on from in the directory of a job, of which there may be a second copy.
    ///
    /// Fails with a sentence that says what is wrong with which file, or where `may_go_on` does, and changes nothing
    /// then.
    pub(crate) fn of(
        directory: Directory,
        mirror: Option<Arc<Mirror>>,
        may_go_on: impl FnOnce(&Recovered) -> Result<()>,
    ) -> Result<(Journal, Recovered)> {
        let directory = Arc::new(directory);
        let path = directory.path();
        let (checkpoints, parts, warnings) = Checkpoints::open(&directory)?;
        let Split { position: newest, senders, parts } = position::split(parts, path)?;
        let mut reader = recovery::Reader::new(path, &newest, senders);
        let batches = Log::read(&directory, BATCHES, newest.batches_from, |f| reader.batch(&f))?;
        let blocks = Log::read(&directory, BLOCKS, newest.blocks_from, |f| reader.parcel(&f))?;
        // Only where both can be gone on with is anything written.
        let left_out = [batches.warnings(), blocks.warnings()].concat();
        let mut recovered = reader.finish(parts, warnings, &left_out)?;
        may_go_on(&recovered)?;
        directory.begin_life(|life| {
            if let Some(mirror) = &mirror {
                mirror.lives(life);
            }
        })?;
        let (batches, more) = batches.go_on()?;
        recovered.warnings.extend(more);
        let (blocks, more) = blocks.go_on()?;
        recovered.warnings.extend(more);
        let waiting = recovered.waiting.iter().map(|parcel| parcel.frame).collect();
        let journal = Journal {
            mirror,
            directory: directory.clone(),
            blocks,
            batches,
            checkpoints,
            standing: Standing::of(waiting),
            senders: recovered.senders.clone(),
            newest,
        };
        Ok((journal, recovered))
    }

    /// Appends a parcel of the source called `name`, with its `blocks`; answers its number. It is durable after the next
    /// [`sync_parcels`](Journal::sync_parcels).
    pub(crate) fn log(
        &mut self,
        name: &Arc<str>,
        parcel: &Parcel,
        blocks: &[Arc<ReceivedBlock>],
    ) -> Result<u64> {
        let record = ParcelRecord::of(name, parcel, blocks);
        let frame = self.blocks.append(PARCEL, &record.parts())?;
        self.standing.logged(frame);
        self.senders.note(name, parcel.reached());
        Ok(frame)
    }

    /// Whether it was given up to wait for the second copy, because the job had to stop: then nothing is durable
    /// in both any more, though nothing has failed.
    pub(crate) fn gave_up_mirror(&self) -> bool {
        self.mirror.as_ref().is_some_and(|mirror| mirror.gave_up())
    }

    pub(crate) fn sync_parcels(&mut self) -> Result<()> {
        self.blocks.sync()
    }

    /// Writes down what a batch is made of, before it runs; it is durable when this succeeds. Looks whether
    /// the directory is still there.
    pub(crate) fn assigned(&mut self, assigned: &Assigned) -> Result<()> {
        self.directory.check()?;
        let record = BatchRecord::Assigned(assigned.clone());
        self.batches.append(BATCH, &[&record.to_bytes()])?;
        self.batches.sync()?;
        self.standing.assigned(&assigned.frames);
        Ok(())
    }

    /// Writes down that a batch is done: its outputs are. It is durable with whatever is written next.
    pub(crate) fn done(&mut self, time: Time) -> Result<()> {
        let record = BatchRecord::Done(time);
        self.batches.append(BATCH, &[&record.to_bytes()]).map(drop)
    }

    /// Writes a checkpoint of what batches have left that were done before, and collects what neither it nor
    /// the one before needs. Looks first whether the directory is still there: another one may be another job's.
    pub(crate) fn checkpoint(&mut self, parts: &Parts) -> Result<()> {
        self.directory.check()?;
        self.blocks.sync()?;
        self.batches.sync()?;
        let position = self.standing.position(self.batches.next(), self.blocks.next());
        let (at, senders) = (position.to_bytes(), self.senders.to_bytes());
        let has_senders = !self.senders.is_empty();
        let all: Vec<(&str, &[u8])> = std::iter::once((POSITION, &at[..]))
            .chain(has_senders.then_some((SENDERS, &senders[..])))
            .chain(parts.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])))
            .collect();
        self.checkpoints.write(&all)?;
        let before = std::mem::replace(&mut self.newest, position);
        self.batches.collect(before.batches_from)?;
        self.blocks.collect(before.blocks_from)
    }
}

#[cfg(test)]
mod tests;
