//! The driver: one thread that owns the clock's grid and gives one batch after the other its turn.

mod backlog;
mod durable;
mod opening;
mod sources;
mod start;
mod stopping;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use self::backlog::{Backlog, Due};
use self::durable::Checkpointing;
pub(crate) use self::durable::Durability;
use self::stopping::{STOP_NOW_LIMIT, say_unless_ended};
use crate::clock::Clock;
use crate::conf::Overrun;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::graph::{Graph, Reaches};
use crate::input::SharedHistory;
use crate::intake::receiver::ReceiverThread;
use crate::intake::{Intake, Reads, SourceRate};
use crate::occasional::Occasional;
use crate::progress::{BatchReport, Progress};
use crate::punctual;
use crate::slabs::Reservation;
use crate::snapshot::Snapshot;
use crate::spiller::Spiller;
use crate::status::{Status, Stop, Wake};
use crate::threads::EngineThread;
use crate::time::{Duration, Time};
use crate::turn::{Ran, Turn};
use crate::writer::Writer;

/// What a driver is started with.
pub(crate) struct Orders {
    pub(crate) engine: Engine,
    pub(crate) batch_interval: Duration,
    pub(crate) block_interval: Duration,
    pub(crate) progress: Arc<Progress>,
    pub(crate) status: Arc<Status>,
    /// What to go on from.
    pub(crate) snapshot: Option<Snapshot>,
    /// How the stream outlives the process, where it does.
    pub(crate) durability: Option<Durability>,
}

/// What a driver answers when it has started.
pub(crate) struct Started {
    pub(crate) explained: String,
    pub(crate) listening: Vec<SocketAddr>,
    pub(crate) zero: Time,
    pub(crate) intake: Arc<Intake>,
}

/// A driver at work.
pub(crate) struct Driver {
    orders: Orders,
    /// The context's, or one that goes on from the last batch of what was gone on from.
    clock: Clock,
    graph: Graph<'static>,
    intake: Arc<Intake>,
    receivers: Vec<ReceiverThread>,
    /// The thread that writes files; it ends when the graph has gone.
    writer: Option<EngineThread>,
    /// The way to that thread, where what is received is logged, or checkpoints are written.
    log: Option<Writer>,
    /// Whether what is received is logged before it counts.
    is_logged: bool,
    /// Parcels wait that were logged by a process that has died. The batch that they go to is written down,
    /// though there may be no log any more: else they would be there again at the next start.
    recovered_waits: bool,
    /// Whether the writer waits where there is no room: not while the stream starts.
    waits_for_room: Arc<AtomicBool>,
    checkpointing: Option<Checkpointing>,
    /// The due time after that of the last batch.
    next: Time,
    /// When the last batch was over.
    ended: Time,
    backlog: Backlog,
    /// For a sentence about batches that were merged.
    merged: Occasional,
    /// How each source's blocks are read.
    reads: Vec<Reads>,
    /// By source, the rate of its receiver where that is limited; none before the receivers start.
    rates: Vec<Option<Arc<SourceRate>>>,
    /// The time from which slides are counted.
    zero: Time,
    /// What is needed of each source and stage.
    reaches: Reaches,
    history: SharedHistory,
    /// The part of the memory that states, windows and shuffles have.
    held: Reservation,
    /// Where blocks may be moved to disk.
    spiller: Option<Spiller>,
    /// For a sentence about memory that states have.
    crowded: Occasional,
    /// For a sentence about records that were left out.
    left_out: Occasional,
    /// A batch was given up because the stream was stopped at once, or its stop had to end.
    cut_short: bool,
    /// Kept so that a manual clock goes on waking the driver.
    _wake: Arc<dyn Fn() + Send + Sync>,
}

impl Driver {
    /// Cuts and runs batches until it is told to stop.
    pub(crate) fn run(mut self) {
        let clock = self.clock.clone();
        punctual::wake_this_thread_in_time();
        let watched = punctual::watched(self.orders.batch_interval.to_std());
        let stop = loop {
            let due = self.backlog.waits_for(self.next, self.ended);
            match self.orders.status.wait_for(&clock, due, watched) {
                Wake::Due => {}
                Wake::Stop(stop) => break stop,
                Wake::Snapshot(asked) => {
                    self.give_snapshot(&asked);
                    continue;
                }
            }
            self.run_next();
        };
        let stopped = self.stop(stop);
        let status = self.orders.status.clone();
        self.let_go();
        status.end(stopped);
    }

    /// Ends all that the graph is worked with, and the graph.
    fn let_go(mut self) {
        // Early work that runs ends first, and none begins any more: no closure is called once the
        // stream has stopped.
        for parcel in self.intake.give_up() {
            parcel.claim();
        }
        let spiller = self.spiller.take();
        let progress = self.orders.progress.clone();
        let writer = self.writer.take();
        // Nothing is tried again any more, and nothing goes to the log.
        self.orders.status.cancelled.store(true, Ordering::Relaxed);
        self.intake.log_ahead(None);
        // Everything of the graph goes before anybody hears that the stream has stopped, and so does the
        // hold on the checkpoint directory.
        drop(self);
        say_unless_ended(writer, &progress);
        if spiller.is_some_and(|spiller| !spiller.stop(STOP_NOW_LIMIT)) {
            progress
                .warn("the disk did not answer in time; what was being moved there is given up");
        }
    }

    /// What the batches so far have left, for whoever asked.
    fn give_snapshot(&self, asked: &Sender<Result<Snapshot>>) {
        let done = self.next - self.orders.batch_interval;
        let snapshot = Snapshot::take(&self.graph, &self.history.lock(), self.zero, done);
        // Whoever asked may have gone meanwhile, and then nobody is left to tell.
        drop(asked.send(snapshot));
    }

    /// Says where due times have no batch of their own that would have one.
    fn say_merged(&mut self, due: &Due) {
        let Due { time, covers, waiting } = due;
        let since = self.next;
        if due.is_for_a_gap() {
            self.orders.progress.warn(format!(
                "{waiting} batches are due at once, since {since}; one is cut instead of them, at {time}, with \
                 all that was received"
            ));
        } else if *covers > 1
            && self.orders.engine.parts().conf.overrun == Overrun::Queue
            && self.merged.is_time()
        {
            self.orders.progress.warn(format!(
                "{waiting} batches wait, since {since}, and that is more than may (Conf::max_backlog); the \
                 oldest {covers} are one, at {time}; this is said once a minute, and counted in every batch's \
                 report"
            ));
        }
    }

    // ---- one batch ----

    fn run_next(&mut self) {
        // What comes behind a batch that was given up would be in front of it when the job goes on.
        if self.cut_short {
            return;
        }
        let due = self.backlog.due(self.next, self.ended, self.clock.now());
        self.say_merged(&due);
        let time = due.time;
        self.next = time + self.orders.batch_interval;
        let outcome = self.turn().run(time);
        // Before anybody hears of its end, and moves the clock.
        self.ended = self.clock.now();
        match outcome {
            Ok(Ran { mut report, first_error, logged_bytes }) => {
                report.covers_batches = due.covers;
                self.adapt_rates(&mut report);
                self.has_run(time, &report, first_error);
                self.recovered_waits = false;
                self.checkpoint_if_due(time, logged_bytes);
            }
            Err(error) => self.was_given_up(error),
        }
    }

    /// Whether the next batch is written down before it runs.
    fn writes_down(&self) -> bool {
        self.is_logged || self.recovered_waits
    }

    fn turn(&mut self) -> Turn<'_> {
        let writes_down = self.writes_down();
        Turn {
            graph: &mut self.graph,
            engine: &self.orders.engine,
            clock: &self.clock,
            intake: &self.intake,
            receivers: &self.receivers,
            reads: &self.reads,
            status: &self.orders.status,
            interval: self.orders.batch_interval,
            zero: self.zero,
            reaches: &self.reaches,
            history: &self.history,
            held: &mut self.held,
            spiller: self.spiller.as_ref(),
            log: self.log.as_ref().filter(|_| writes_down),
            notes: self.is_logged,
        }
    }

    /// A batch could not be written down, and has not begun. Where a stop had no more time for it, nothing
    /// has failed: the stop says that not all was processed.
    fn was_given_up(&mut self, error: Error) {
        self.cut_short = true;
        let status = &self.orders.status;
        // What it was given may be lost to this process, so that no later batch could be right.
        if status.waits_no_more() {
            self.orders.progress.warn(error.to_string());
            status.order(Stop::Now);
        } else {
            status.fail(error);
        }
    }

    /// Receivers are left with little where states, windows and shuffles have most of the memory.
    fn say_if_crowded(&mut self, report: &BatchReport) {
        let slabs = &self.orders.engine.parts().slabs;
        if slabs.is_left_its_least_by(report.held_bytes) && self.crowded.is_time() {
            self.orders.progress.warn(format!(
                "states, windows and shuffles hold {} bytes, so that received data has but {} left of the memory; \
                 raise Conf::memory_bytes, or have states time out sooner",
                report.held_bytes,
                slabs.limit_bytes()
            ));
        }
    }

    /// Tells how a batch went.
    fn has_run(&mut self, time: Time, report: &BatchReport, first_error: Option<Error>) {
        if let (true, true, Some(log)) = (self.writes_down(), report.succeeded(), &self.log) {
            log.done(time);
        }
        self.cut_short |= self.orders.status.waits_no_more() && !report.succeeded();

        let troubles = report.sources.iter().flat_map(|source| &source.troubles);
        for sentence in report.errors.iter().chain(troubles) {
            self.orders.progress.warn(sentence.clone());
        }
        if let Some(sentence) = report.left_out()
            && self.left_out.is_time()
        {
            let often = "this is said once a minute, and counted in every batch's report";
            self.orders.progress.warn(format!("{sentence}; {often}"));
        }
        self.say_if_crowded(report);
        self.orders.progress.batch_completed(report);
        self.orders.status.batch_done(time, first_error);
    }
}
