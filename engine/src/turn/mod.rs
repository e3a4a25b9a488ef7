//! A batch's turn: it is given its input, its outputs run, and it ends, in two phases.

mod given;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration as StdDuration, Instant};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use self::given::Given;
use crate::batch::{Batch, reason_of};
use crate::clock::Clock;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::graph::{Graph, Reaches, Stage};
use crate::input::{Input, SharedHistory};
use crate::intake::receiver::ReceiverThread;
use crate::intake::{Intake, Reads};
use crate::journal::Again;
use crate::progress::{BatchReport, SourceReport, as_ms};
use crate::received::ReceivedBlock;
use crate::slabs::Reservation;
use crate::spiller::Spiller;
use crate::stage::Settling;
use crate::status::Status;
use crate::stderr::say;
use crate::time::{Duration, Time};
use crate::writer::Writer;

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
    pub(crate) status: &'d Status,
    pub(crate) interval: Duration,
    /// The time from which slides are counted.
    pub(crate) zero: Time,
    /// What is needed of each source and stage.
    pub(crate) reaches: &'d Reaches,
    pub(crate) history: &'d SharedHistory,
    /// The part of the memory that states, windows and shuffles have.
    pub(crate) held: &'d mut Reservation,
    /// Where blocks may be moved to disk.
    pub(crate) spiller: Option<&'d Spiller>,
    /// The way to the log, where what the batch is made of is written down before it runs.
    pub(crate) log: Option<&'d Writer>,
    /// Whether what sources that are asked have given is noted there too.
    pub(crate) notes: bool,
}

/// How a batch went.
pub(crate) struct Ran {
    pub(crate) report: BatchReport,
    pub(crate) first_error: Option<Error>,
    /// What a process that goes on reads into memory to run it again.
    pub(crate) logged_bytes: u64,
}

impl Turn<'_> {
    /// Runs the batch at `time`.
    ///
    /// Fails where there is a log and the batch could not be written down in it: then it has not begun.
    pub(crate) fn run(mut self, time: Time) -> Result<Ran> {
        let late = self.clock.since_epoch().saturating_sub(since_epoch(time));
        let started = Instant::now();
        let now = self.clock.now();
        self.receivers.iter().for_each(|receiver| receiver.close(now, time));
        let given = self.written_down(time)?;
        Ok(self.work(time, late, started, given, Outputs::Run))
    }

    /// Runs a batch again from what was written down of it; where its outputs are done they are left out.
    pub(crate) fn run_again(mut self, again: Again) -> Result<Ran> {
        let (started, time) = (Instant::now(), again.assigned.time);
        let outputs = if again.is_done { Outputs::AreDone } else { Outputs::Run };
        let given = self.given_again(again)?;
        // Taken in now: what a turn has is taken off what waits.
        let reads = Reads { early: false, at_turn: true };
        self.intake.admission.took_in(reads, given.at_turn_bytes);
        Ok(self.work(time, StdDuration::ZERO, started, given, outputs))
    }

    /// What the batch is given, written down where there is a log.
    fn written_down(&mut self, time: Time) -> Result<Given> {
        let Some(log) = self.log else { return self.given(time) };
        let status = self.status;
        let is_over = || status.waits_no_more();
        let given_up = || Error::BatchGivenUp { time };
        let given = self.given(time)?;
        if !self.intake.wait_until_logged(&given.parcels, is_over) {
            return Err(given_up());
        }
        log.assigned(given.assigned(time), is_over).unwrap_or_else(|| Err(given_up()))?;
        self.graph.polled().for_each(|poll| poll.written_down());
        Ok(given)
    }

    fn work(
        mut self,
        time: Time,
        late: StdDuration,
        started: Instant,
        given: Given,
        outputs: Outputs,
    ) -> Ran {
        let parts = self.engine.parts();
        let mut report = BatchReport::from((time, self.interval));
        report.scheduling_delay_ms = as_ms(late);
        self.intake.admission.turn_began(late, given.at_turn_bytes);
        let inputs = Arc::new(given.inputs);
        let batch = Batch::new(
            time,
            self.zero,
            inputs.clone(),
            self.history.lock().past(),
            parts.tasks.clone(),
            self.status.cancelled.clone(),
        );
        // From here to the end of phase two, nothing may unwind: it would free what is lent under
        // values, in the nodes of the graph, that still borrow it.
        let guard = AbortOnUnwind;
        let mut errors = match outputs {
            Outputs::Run => self.run_outputs(&batch),
            Outputs::AreDone => Vec::new(),
        };
        errors.extend(self.advance(&batch));
        report.stages = batch.take_stages();
        report.unparsed = given.early_unparsed + batch.unparsed().take();
        let of_stages = self.held_bytes();
        report.held_bytes = of_stages + self.history.lock().list_bytes();
        self.held.set(report.held_bytes);
        report.memory_bytes = parts.slabs.bytes_in_use();
        report.memory_limit_bytes = parts.slabs.limit_bytes();
        let commit = !batch.has_failed();
        self.end(batch);
        self.settle(time, commit.then_some(&inputs));
        self.held.set(of_stages + self.history.lock().list_bytes());
        std::mem::forget(guard);
        let processing = started.elapsed();
        self.intake.admission.turn_ended(processing);
        report.processing_ms = as_ms(processing);
        report.total_delay_ms = report.scheduling_delay_ms + report.processing_ms;
        report.window_bytes = self.history.lock().bytes();
        report.spilled_bytes = inputs.iter().map(Input::bytes_on_disk).sum();
        report.disk_bytes = self.spiller.map_or(0, Spiller::bytes_on_disk);
        report.early_bytes = given.early_bytes;
        report.sources = given.reports;
        self.count(&given.uncounted, &mut report.sources);
        report.records = report.sources.iter().map(|source| source.lines.records).sum();
        report.bytes = report.sources.iter().map(|source| source.bytes).sum();
        report.errors = errors.iter().map(Error::to_string).collect();
        let first_error = errors.into_iter().chain(given.losses).next();
        Ran { report, first_error, logged_bytes: given.logged_bytes }
    }

    /// Bytes that states, windows, and what stages have of the batch take.
    fn held_bytes(&self) -> u64 {
        let of_stage = |stage: &Stage<'_>| {
            let kept = stage.work.kept();
            stage.node.held_bytes() + kept.map_or(0, |kept| kept.stateful.held_bytes())
        };
        self.graph.stages.iter().map(of_stage).sum()
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
        self.history.lock().batch_ended(time, inputs.map(|inputs| inputs.as_slice()));
        if let Some(spiller) = self.spiller {
            spiller.batch_ended(&self.engine.parts().slabs);
        }
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
}

/// What is to be done about a batch's outputs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outputs {
    Run,
    /// They were, before the process died.
    AreDone,
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
