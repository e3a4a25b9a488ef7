//! A batch's turn: it is given its input, its outputs run, and it ends, in two phases.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration as StdDuration, Instant};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::batch::{Batch, reason_of};
use crate::clock::Clock;
use crate::engine::Engine;
use crate::error::Error;
use crate::graph::{Graph, Reaches, SourceKind, Stage};
use crate::input::{History, Input};
use crate::intake::polled::{Records, Trouble};
use crate::intake::receiver::ReceiverThread;
use crate::intake::{Committed, Intake, Reads};
use crate::partition::split_large;
use crate::progress::{BatchReport, SourceReport, as_ms};
use crate::received::ReceivedBlock;
use crate::stage::Settling;
use crate::stderr::say;
use crate::time::{Duration, Time};

/// The moment of a batch's time.
fn since_epoch(time: Time) -> StdDuration {
    StdDuration::from_millis(time.as_millis().max(0) as u64)
}

/// What a batch's turn works with.
pub(crate) struct Turn<'d> {
    pub(crate) graph: &'d mut Graph<'static>,
    pub(crate) engine: &'d Engine,
    pub(crate) clock: &'d Clock,
    pub(crate) intake: &'d Intake,
    pub(crate) receivers: &'d [ReceiverThread],
    /// By source.
    pub(crate) reads: &'d [Reads],
    pub(crate) cancelled: &'d Arc<AtomicBool>,
    pub(crate) interval: Duration,
    /// The time from which slides are counted.
    pub(crate) zero: Time,
    /// What is needed of each source and stage.
    pub(crate) reaches: &'d Reaches,
    pub(crate) history: &'d mut History,
}

impl Turn<'_> {
    /// Runs the batch at `time`. Answers how it went, and the first failure.
    pub(crate) fn run(mut self, time: Time) -> (BatchReport, Option<Error>) {
        let parts = self.engine.parts();
        let mut report = BatchReport::from((time, self.interval));
        let start = self.clock.since_epoch();
        let late = start.saturating_sub(since_epoch(time));
        report.scheduling_delay_ms = as_ms(late);
        let started = Instant::now();

        let now = self.clock.now();
        self.receivers.iter().for_each(|receiver| receiver.close(now, time));
        let Assigned {
            inputs,
            reports,
            early_bytes,
            at_turn_bytes,
            early_unparsed,
            uncounted,
            losses,
        } = self.assign(time);
        self.intake.admission.turn_began(late, at_turn_bytes);
        let inputs = Arc::new(inputs);
        let batch = Batch::new(
            time,
            self.zero,
            inputs.clone(),
            self.history.past(),
            parts.tasks.clone(),
            self.cancelled.clone(),
        );
        // From here to the end of phase two, nothing may unwind: it would free what is lent under
        // values, in the nodes of the graph, that still borrow it.
        let guard = AbortOnUnwind;
        let mut errors = self.run_outputs(&batch);
        errors.extend(self.advance(&batch));
        report.stages = batch.take_stages();
        report.unparsed = early_unparsed + batch.unparsed().take();
        report.memory_bytes = parts.slabs.bytes_in_use();
        report.memory_limit_bytes = parts.slabs.limit_bytes();
        let commit = !batch.has_failed();
        self.end(batch);
        self.settle(time, commit.then_some(&inputs));
        std::mem::forget(guard);
        let processing = started.elapsed();
        self.intake.admission.turn_ended(processing);
        report.processing_ms = as_ms(processing);
        report.total_delay_ms = report.scheduling_delay_ms + report.processing_ms;
        report.window_bytes = self.history.bytes();

        report.early_bytes = early_bytes;
        report.sources = reports;
        self.count(&uncounted, &mut report.sources);
        report.records = report.sources.iter().map(|source| source.lines.records).sum();
        report.bytes = report.sources.iter().map(|source| source.bytes).sum();
        report.errors = errors.iter().map(Error::to_string).collect();
        (report, errors.into_iter().chain(losses).next())
    }

    /// Runs the outputs in order of registration; a failure of one does not keep the others from
    /// running.
    fn run_outputs(&mut self, batch: &Batch<'static>) -> Vec<Error> {
        let mut errors = Vec::new();
        let outputs = self.graph.outputs.iter_mut().enumerate();
        for (number, output) in outputs.filter(|(_, output)| batch.is_due(output.slide)) {
            let had_failed = batch.has_failed();
            // An error is users' code too: it is written and dropped inside the catch.
            let outcome =
                catch_unwind(AssertUnwindSafe(|| (output.run)(batch).map_err(|e| e.to_string())));
            let reason = match outcome {
                Ok(Ok(())) if had_failed == batch.has_failed() => continue,
                Ok(Ok(())) => {
                    "a task of it failed for good, and its closure caught the panic".into()
                }
                Ok(Err(reason)) => reason,
                Err(panic) => reason_of(panic),
            };
            let name = output.name.to_string();
            errors.push(Error::BatchFailed { time: batch.time(), output: number, name, reason });
        }
        errors
    }

    /// What outlives batches takes this one in, whether an output has asked for it or not: later
    /// batches build on it.
    fn advance(&self, batch: &Batch<'static>) -> Vec<Error> {
        let mut errors = Vec::new();
        for (number, stage) in self.graph.stages.iter().enumerate() {
            let needed = self.reaches.stages[number].is_some();
            let Some(kept) = stage.work.kept() else { continue };
            // A batch that has failed changes nothing, so there is nothing left to compute.
            if !needed || !batch.is_due(stage.slide) || batch.has_failed() {
                continue;
            }
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (kept.take_in)(batch))) {
                let reason = reason_of(panic);
                let name = stage.name.to_string();
                errors.push(Error::StageFailed { time: batch.time(), stage: number, name, reason });
            }
        }
        errors
    }

    /// The two phases: every value that may borrow from the batch is dropped, and then what was
    /// lent comes back.
    fn end(&self, batch: Batch<'static>) {
        for stage in &self.graph.stages {
            stage.node.end_batch(batch.time());
        }
        for note in &self.graph.notes {
            note.end_batch(batch.time());
        }
        drop(batch);
    }

    /// What the batch has changed becomes state, and its inputs become the past that windows read;
    /// without inputs, it has failed and leaves no trace.
    fn settle(&mut self, time: Time, inputs: Option<&Arc<Vec<Input>>>) {
        let tasks = &self.engine.parts().tasks;
        let ended = Settling { time, commit: inputs.is_some(), tasks };
        let due = |stage: &&Stage<'_>| (time - self.zero).is_multiple_of(stage.slide);
        for kept in self.graph.stages.iter().filter(due).filter_map(|stage| stage.work.kept()) {
            kept.stateful.settle(&ended);
        }
        self.history.batch_ended(time, inputs.map(|inputs| inputs.as_slice()));
    }

    /// Counts the records of blocks that no output has read, after the processing time that they
    /// are no part of.
    fn count(&self, uncounted: &[(usize, Arc<ReceivedBlock>)], reports: &mut [SourceReport]) {
        if uncounted.len() > 1 {
            // From here on a block remembers its counts.
            self.engine.parts().tasks.install(|| {
                uncounted.par_iter().for_each(|(_, block)| {
                    block.counts();
                });
            });
        }
        for (source, block) in uncounted {
            reports[*source].lines += block.counts();
        }
    }

    /// Gives the batch its input.
    fn assign(&mut self, time: Time) -> Assigned {
        let parts = self.engine.parts();
        let mut assigned = Assigned::default();
        let mut texts: Vec<Vec<(Arc<ReceivedBlock>, Committed)>> = Vec::new();
        for source in &self.graph.sources {
            assigned
                .reports
                .push(SourceReport { name: source.name.clone(), ..SourceReport::default() });
            texts.push(Vec::new());
        }
        for parcel in self.intake.assign(time) {
            let claimed = parcel.claim();
            let report = &mut assigned.reports[parcel.source()];
            report.lines += parcel.framing();
            report.lines += claimed.taken.counts.unwrap_or_default();
            assigned.early_unparsed += claimed.taken.unparsed;
            report.bytes += parcel.bytes();
            report.blocks += parcel.block_count();
            if claimed.taken.committed != 0 {
                assigned.early_bytes += parcel.bytes();
            }
            if self.reads[parcel.source()].at_turn {
                assigned.at_turn_bytes += parcel.bytes();
            }
            texts[parcel.source()]
                .extend(claimed.blocks.into_iter().map(|block| (block, claimed.taken.committed)));
        }
        for (id, (source, mut blocks)) in self.graph.sources.iter_mut().zip(texts).enumerate() {
            let report = &mut assigned.reports[id];
            if let SourceKind::Polled(poll) = &mut source.kind {
                let polled = poll.poll(time, parts.policy);
                for trouble in polled.troubles {
                    let (Trouble::ForNow(sentence) | Trouble::ForGood(sentence)) = &trouble;
                    report.troubles.push(sentence.clone());
                    if let Trouble::ForGood(reason) = trouble {
                        let source = report.name.to_string();
                        assigned.losses.push(Error::Source { time, source_name: source, reason });
                    }
                }
                report.lines += polled.framing;
                match polled.records {
                    Records::Items(items, records) => {
                        report.lines.records = records;
                        assigned.inputs.push(Input::Items(items));
                        continue;
                    }
                    Records::Blocks(polled) => {
                        report.bytes = polled.iter().map(|block| block.raw_bytes() as u64).sum();
                        report.blocks = polled.len() as u64;
                        blocks = polled.into_iter().map(|block| (block, 0)).collect();
                    }
                }
            }
            let blocks = split_large(blocks, parts.tasks.current_num_threads());
            let uncounted = blocks.iter().filter(|(block, _)| !block.is_checked());
            assigned.uncounted.extend(uncounted.map(|(block, _)| (id, block.clone())));
            assigned.inputs.push(Input::Blocks(blocks));
        }
        assigned
    }
}

/// What a batch was given.
#[derive(Default)]
struct Assigned {
    inputs: Vec<Input>,
    reports: Vec<SourceReport>,
    early_bytes: u64,
    /// Bytes that were taken in to be read now.
    at_turn_bytes: u64,
    /// Records that did not parse while blocks were worked on early.
    early_unparsed: u64,
    /// Blocks whose lines nobody has counted, with their source.
    uncounted: Vec<(usize, Arc<ReceivedBlock>)>,
    /// What sources have lost.
    losses: Vec<Error>,
}

/// Ends the process when a batch's end unwinds.
struct AbortOnUnwind;

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        say!(
            "a value's Drop, or Clone, panicked at the end of a batch; the process cannot go on safely"
        );
        std::process::abort();
    }
}
