//! What a batch is given: parcels that receivers have stored, and what sources give that are asked; or, where it
//! is run again, what was written down of both.

use std::sync::Arc;

use super::Turn;
use crate::block::SourceId;
use crate::error::{Error, Result};
use crate::graph::SourceKind;
use crate::input::Input;
use crate::intake::polled::{Polled, Records, Trouble};
use crate::intake::{Committed, Parcel};
use crate::journal::{Again, Assigned, Noted, ranges};
use crate::partition::split_large;
use crate::progress::SourceReport;
use crate::received::ReceivedBlock;
use crate::time::Time;

/// What a batch was given.
#[derive(Default)]
pub(super) struct Given {
    pub(super) inputs: Vec<Input>,
    pub(super) reports: Vec<SourceReport>,
    pub(super) early_bytes: u64,
    /// What is read into memory again if the batch is run again.
    pub(super) logged_bytes: u64,
    /// Bytes that were taken in to be read now.
    pub(super) at_turn_bytes: u64,
    /// Records that did not parse while blocks were worked on early.
    pub(super) early_unparsed: u64,
    /// Blocks whose lines nobody has counted, with their source.
    pub(super) uncounted: Vec<(usize, Arc<ReceivedBlock>)>,
    /// What sources have lost.
    pub(super) losses: Vec<Error>,
    /// The parcels that it has.
    pub(super) parcels: Vec<Arc<Parcel>>,
    /// What sources that are asked have given, as they have noted it for the log.
    polled: Vec<Noted>,
}

impl Given {
    /// As it is written down, once its parcels are logged.
    pub(super) fn assigned(&self, time: Time) -> Assigned {
        let frames = self.parcels.iter().filter_map(|parcel| parcel.frame());
        Assigned { time, frames: ranges(frames.collect()), polled: self.polled.clone() }
    }
}

/// Blocks of a source, each with the stages that have it already, and whether its lines are counted.
type Blocks = Vec<(Arc<ReceivedBlock>, (Committed, bool))>;

impl Turn<'_> {
    /// Gives the batch what has been received for it. Fails where what a source has given cannot be noted for
    /// the log.
    pub(super) fn given(&mut self, time: Time) -> Result<Given> {
        let mut given = self.nothing_given();
        let mut blocks = vec![Blocks::new(); self.graph.sources.len()];
        let parcels = self.intake.assign(time);
        for parcel in &parcels {
            self.take(parcel, &mut given, &mut blocks);
        }
        given.parcels = parcels;
        for id in 0..self.graph.sources.len() {
            let policy = self.engine.parts().policy;
            let source = &mut self.graph.sources[id];
            let SourceKind::Polled(poll) = &mut source.kind else { continue };
            let polled = poll.poll(time, policy);
            if self.notes {
                let name = source.name.clone();
                let note = poll.note(&polled.records).map_err(|reason| {
                    let what = format!("what the batch {time} was given by {name}");
                    Error::Unwritable { what, reason }
                })?;
                given.logged_bytes += note.len() as u64;
                given.polled.push(Noted { source: id, name, note });
            }
            self.take_polled(id, time, polled, &mut given, &mut blocks);
        }
        self.fill(&mut given, blocks);
        Ok(given)
    }

    /// Gives the batch what was written down of it.
    pub(super) fn given_again(&mut self, again: Again) -> Result<Given> {
        let Again { assigned, parcels, is_done } = again;
        let mut given = self.nothing_given();
        let mut blocks = vec![Blocks::new(); self.graph.sources.len()];
        let policy = self.engine.parts().policy;
        for logged in parcels {
            if self.graph.source(logged.source, &logged.name).is_some() {
                self.take(&logged.parcel(policy), &mut given, &mut blocks);
            }
        }
        let outlived = self.graph.outlived(self.reaches);
        for Noted { source: id, name, note } in assigned.polled {
            let Some(source) = self.graph.source(id, &name) else { continue };
            let SourceKind::Polled(poll) = &mut source.kind else { continue };
            let unreadable = |reason| Error::Unreadable { what: name.to_string(), reason };
            poll.gave(assigned.time, &note).map_err(unreadable)?;
            given.logged_bytes += note.len() as u64;
            // Nobody misses the records of a batch that is done and has left nothing.
            if !is_done || outlived[id] {
                let polled = poll.again(&note, policy).map_err(unreadable)?;
                self.take_polled(id, assigned.time, polled, &mut given, &mut blocks);
            }
        }
        self.fill(&mut given, blocks);
        Ok(given)
    }

    fn nothing_given(&self) -> Given {
        let report =
            |name: &Arc<str>| SourceReport { name: name.clone(), ..SourceReport::default() };
        let sources = &self.graph.sources;
        Given {
            reports: sources.iter().map(|source| report(&source.name)).collect(),
            inputs: vec![Input::Nothing; sources.len()],
            ..Given::default()
        }
    }

    /// Takes what a parcel has, after early work on it has ended.
    fn take(&self, parcel: &Parcel, given: &mut Given, blocks: &mut [Blocks]) {
        let claimed = parcel.claim();
        let report = &mut given.reports[parcel.source()];
        report.lines += parcel.framing();
        report.lines += claimed.taken.counts.unwrap_or_default();
        given.early_unparsed += claimed.taken.unparsed;
        report.bytes += parcel.bytes();
        given.logged_bytes += parcel.kept_bytes();
        report.blocks += parcel.block_count();
        if claimed.taken.committed != 0 {
            given.early_bytes += parcel.bytes();
        }
        if self.reads[parcel.source()].at_turn {
            given.at_turn_bytes += parcel.bytes();
        }
        // Blocks that were moved out of memory do not know that their lines were counted before.
        let of_each = (claimed.taken.committed, claimed.taken.counts.is_some());
        blocks[parcel.source()].extend(claimed.blocks.into_iter().map(|block| (block, of_each)));
    }

    fn take_polled(
        &self,
        id: SourceId,
        time: Time,
        polled: Polled,
        given: &mut Given,
        blocks: &mut [Blocks],
    ) {
        let report = &mut given.reports[id];
        for trouble in polled.troubles {
            let (Trouble::ForNow(sentence) | Trouble::ForGood(sentence)) = &trouble;
            report.troubles.push(sentence.clone());
            if let Trouble::ForGood(reason) = trouble {
                let source = report.name.to_string();
                given.losses.push(Error::Source { time, source_name: source, reason });
            }
        }
        report.lines += polled.framing;
        match polled.records {
            Records::Items(items) => {
                report.lines.records = items.records();
                given.inputs[id] = Input::Items(items);
            }
            Records::Blocks(polled) => {
                report.bytes = polled.iter().map(|block| block.raw_bytes() as u64).sum();
                given.logged_bytes += report.bytes;
                report.blocks = polled.len() as u64;
                blocks[id] = polled.into_iter().map(|block| (block, (0, false))).collect();
            }
        }
    }

    /// Makes inputs of the blocks of all sources that have given no items.
    fn fill(&self, given: &mut Given, blocks: Vec<Blocks>) {
        let tasks = self.engine.parts().tasks.current_num_threads();
        for (id, blocks) in blocks.into_iter().enumerate() {
            if matches!(given.inputs[id], Input::Items(_)) {
                continue;
            }
            let blocks = split_large(blocks, tasks);
            let is_uncounted = |(block, (_, is_counted)): &&(Arc<ReceivedBlock>, (_, bool))| {
                !is_counted && !block.is_checked()
            };
            let uncounted = blocks.iter().filter(is_uncounted);
            given.uncounted.extend(uncounted.map(|(block, _)| (id, block.clone())));
            let blocks = blocks.into_iter().map(|(block, (committed, _))| (block, committed));
            given.inputs[id] = Input::Blocks(blocks.collect());
        }
    }
}
