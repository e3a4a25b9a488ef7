//! The driver: one thread that owns the clock's grid and runs one batch after the other.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration as StdDuration, Instant};

use crate::batch::{Batch, Input, panic_message};
use crate::early;
use crate::engine::Engine;
use crate::error::{BoxError, Error, Result};
use crate::graph::{Graph, SourceKind};
use crate::intake::receiver::{Receiver, Surroundings};
use crate::intake::socket::{Endpoint, start_socket};
use crate::intake::{Admission, Committed, Intake, reserve_descriptors};
use crate::partition::split_large;
use crate::progress::{BatchReport, Notice, Progress, SourceReport, as_ms};
use crate::scope::Scope;
use crate::status::{Status, Stop, Stopped};
use crate::text::TextBlock;
use crate::time::{Duration, Time};

/// How long a batch waits for a receiver to close its blocks, under the machine's clock. A receiver takes microseconds,
/// unless the machine does not let it run; then its last blocks go to the next batch.
const LONGEST_WAIT_FOR_BLOCKS: StdDuration = StdDuration::from_millis(50);

/// The same under a manual clock, where nothing may depend on how fast the machine is.
const MANUAL_WAIT_FOR_BLOCKS: StdDuration = StdDuration::from_secs(30);

/// What a driver is started with.
pub(crate) struct Orders {
    pub(crate) engine: Engine,
    pub(crate) batch_interval: Duration,
    pub(crate) block_interval: Duration,
    pub(crate) progress: Arc<Progress>,
    pub(crate) status: Arc<Status>,
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
    graph: Graph<'static>,
    intake: Arc<Intake>,
    receivers: Vec<Receiver>,
    next: Time,
    /// When the batch before was due and how much later it ended.
    behind: StdDuration,
    /// Kept so that a manual clock goes on waking the driver.
    _wake: Arc<dyn Fn() + Send + Sync>,
}

impl Driver {
    /// Runs the setup, checks what it describes and starts its receivers.
    ///
    /// The brand is `'static` here, which is one of the lifetimes that the setup closure works for; what makes it a brand
    /// is that the closure must work for every other one too.
    pub(crate) fn start(
        setup: &(dyn for<'b> Fn(&Scope<'b>) -> Result<(), BoxError> + Send + Sync),
        orders: Orders,
    ) -> Result<(Self, Started)> {
        let parts = orders.engine.parts();
        let scope = Scope::<'static>::new(parts.conf.early_work);
        setup(&scope).map_err(|e| match e.downcast::<Error>() {
            Ok(error) => *error,
            Err(e) => Error::Setup { reason: e.to_string() },
        })?;
        let graph = std::mem::replace(&mut *scope.graph().lock(), Graph::new(false));
        graph.check()?;
        let explained = graph.explain();

        let clock = parts.conf.clock.clone();
        let zero = clock.now().floor(orders.batch_interval);
        let threads = parts.tasks.current_num_threads();
        let early = graph.early();
        let most_early = early
            .iter()
            .any(Option::is_some)
            .then(|| early::most_waiting_bytes(parts.slabs.slab_bytes(), threads));
        let admission = Admission::new(most_early, parts.slabs.limit_bytes());
        let intake = Arc::new(Intake::new(orders.batch_interval, zero, admission));
        intake.on_stored(early::on_stored(early, &intake, parts.tasks.clone()));

        let status = orders.status.clone();
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(move || status.nudge());
        clock.on_move(&wake);
        let next = zero + orders.batch_interval;
        let mut driver = Driver {
            orders,
            graph,
            intake,
            receivers: Vec::new(),
            next,
            behind: StdDuration::ZERO,
            _wake: wake,
        };
        let listening = match driver.start_receivers() {
            Ok(listening) => listening,
            Err(e) => {
                driver.stop_receivers(false, StdDuration::from_secs(2));
                return Err(e);
            }
        };
        let started = Started { explained, listening, zero, intake: driver.intake.clone() };
        Ok((driver, started))
    }

    fn start_receivers(&mut self) -> Result<Vec<SocketAddr>> {
        let parts = self.orders.engine.parts();
        let mut surroundings = Surroundings {
            intake: self.intake.clone(),
            pool: parts.slabs.clone(),
            clock: parts.conf.clock.clone(),
            progress: self.orders.progress.clone(),
            block_interval: self.orders.block_interval,
            policy: parts.policy,
            max_connections: 1,
            max_carry_bytes: parts.carry_bytes,
        };
        let mut listening = Vec::new();
        for (id, source) in self.graph.sources.iter().enumerate() {
            let endpoint = match &source.kind {
                SourceKind::Dial(target) => Endpoint::Dial(target.clone()),
                SourceKind::Listen(address) => {
                    surroundings.max_connections = reserve_descriptors(parts.conf.max_connections)?;
                    let (endpoint, address) = Endpoint::listen(address)?;
                    listening.push(address);
                    self.orders
                        .progress
                        .notice(&Notice::Listening { source: source.name.to_string(), address });
                    endpoint
                }
                SourceKind::Items(_) | SourceKind::Texts(_) => continue,
            };
            self.receivers.push(start_socket(
                id,
                source.name.to_string(),
                endpoint,
                surroundings.clone(),
            )?);
        }
        Ok(listening)
    }

    /// Cuts and runs batches until it is told to stop.
    pub(crate) fn run(mut self) {
        let clock = self.orders.engine.parts().conf.clock.clone();
        let stop = loop {
            if let Some(stop) = self.orders.status.wait_for(&clock, self.next) {
                break stop;
            }
            for receiver in &self.receivers {
                receiver.wake();
            }
            let (limit, patient) = match clock.is_manual() {
                true => (MANUAL_WAIT_FOR_BLOCKS, true),
                false => (LONGEST_WAIT_FOR_BLOCKS, false),
            };
            if !self.intake.wait_until_closed(self.next, limit) && patient {
                self.orders
                    .progress
                    .warn(format!("batch {} began before its receivers had closed it", self.next));
            }
            self.run_next();
        };
        let drained = self.stop(stop);
        let status = self.orders.status.clone();
        // Everything of the graph goes before anybody hears that the stream has stopped.
        drop(self);
        status.end(Stopped { drained });
    }

    /// Stops the receivers and, if `stop` is graceful, processes what they have received. Says whether all of it was.
    fn stop(&mut self, stop: Stop) -> bool {
        let limit = self
            .orders
            .engine
            .parts()
            .conf
            .graceful_stop_limit(self.orders.batch_interval)
            .to_std();
        let deadline = Instant::now() + limit;
        let graceful = stop == Stop::Graceful;
        let ended =
            self.stop_receivers(graceful, if graceful { limit } else { StdDuration::from_secs(2) });
        if !graceful {
            return !self.intake.has_unassigned();
        }
        while self.intake.has_unassigned() {
            if Instant::now() >= deadline {
                self.orders.progress.warn(format!(
                    "the graceful stop took longer than {} ms; what is left is not processed \
                     (Conf::graceful_stop_timeout sets the limit)",
                    limit.as_millis()
                ));
                return false;
            }
            if self.orders.status.wanted() == Some(Stop::Now) {
                return false;
            }
            self.run_next();
        }
        ended
    }

    fn stop_receivers(&mut self, drain: bool, limit: StdDuration) -> bool {
        for receiver in &self.receivers {
            receiver.stop(drain);
        }
        let deadline = Instant::now() + limit;
        let mut all = true;
        for receiver in self.receivers.drain(..) {
            if !receiver.wait(deadline.saturating_duration_since(Instant::now())) {
                let name = &self.graph.sources[receiver.source()].name;
                self.orders.progress.warn(format!(
                    "the receiver of {name} did not stop within {} ms",
                    limit.as_millis()
                ));
                all = false;
            }
        }
        all
    }

    // ---- one batch ----------------------------------------------------------------------------------------------

    fn run_next(&mut self) {
        let time = self.next;
        self.next = time + self.orders.batch_interval;
        self.intake.admission.batch_cut(self.orders.batch_interval, self.behind);
        self.run_batch(time);
    }

    fn run_batch(&mut self, time: Time) {
        let parts = self.orders.engine.parts();
        let (clock, slabs, tasks) =
            (parts.conf.clock.clone(), parts.slabs.clone(), parts.tasks.clone());
        let due = StdDuration::from_millis(time.as_millis().max(0) as u64);
        let mut report = BatchReport::from((time, self.orders.batch_interval));
        let started = Instant::now();
        let start = clock.since_epoch();
        report.scheduling_delay_ms = as_ms(start.saturating_sub(due));

        let assigned = self.assign(time);
        let batch = Batch::new(time, assigned.inputs, tasks, self.orders.status.cancelled.clone());
        let mut first_error = None;
        for (number, output) in self.graph.outputs.iter_mut().enumerate() {
            let reason = match catch_unwind(AssertUnwindSafe(|| (output.run)(&batch))) {
                Ok(Ok(())) => continue,
                Ok(Err(e)) => e.to_string(),
                Err(panic) => panic_message(&*panic),
            };
            let error =
                Error::BatchFailed { time, output: number, name: output.name.into(), reason };
            report.errors.push(error.to_string());
            first_error.get_or_insert(error);
        }
        let processing = started.elapsed();
        report.processing_ms = as_ms(processing);
        report.total_delay_ms = report.scheduling_delay_ms + report.processing_ms;
        report.stages = batch.take_stages();
        report.memory_bytes = slabs.bytes_in_use();
        report.early_bytes = assigned.early_bytes;
        report.sources = assigned.reports;
        // Blocks that no output has read are counted here, after the processing time that they are no part of.
        let late = batch.run_stage("count lines", assigned.uncounted.len(), |i| {
            assigned.uncounted[i].1.counts()
        });
        for ((source, _), counts) in assigned.uncounted.iter().zip(late) {
            report.sources[*source].lines += counts;
        }
        report.records = report.sources.iter().map(|source| source.lines.records).sum();
        report.bytes = report.sources.iter().map(|source| source.bytes).sum();
        drop(assigned.uncounted);
        self.end_batch(batch);

        let interval = self.orders.batch_interval;
        self.intake.admission.batch_done(report.bytes, report.early_bytes, processing, interval);
        let next_due = due + interval.to_std();
        self.behind = clock.since_epoch().saturating_sub(next_due);
        for error in &report.errors {
            self.orders.progress.warn(error.clone());
        }
        self.orders.progress.batch_completed(&report);
        self.orders.status.batch_done(time, first_error);
    }

    /// The two phases of a batch's end. A panic between them would free what is lent under values that still borrow it.
    fn end_batch(&self, batch: Batch<'static>) {
        let guard = AbortOnUnwind;
        for stage in &self.graph.stages {
            stage.node.end_batch(batch.time());
        }
        drop(batch);
        std::mem::forget(guard);
    }

    /// Gives the batch its input.
    fn assign(&mut self, time: Time) -> Assigned {
        let parts = self.orders.engine.parts();
        let mut assigned = Assigned::default();
        let mut texts: Vec<Vec<(Arc<TextBlock>, Committed)>> = Vec::new();
        for source in &self.graph.sources {
            assigned
                .reports
                .push(SourceReport { name: source.name.to_string(), ..SourceReport::default() });
            texts.push(Vec::new());
        }
        for parcel in self.intake.assign(time) {
            let claimed = parcel.claim();
            let report = &mut assigned.reports[parcel.source()];
            report.lines += parcel.framing();
            report.lines += claimed.counts.unwrap_or_default();
            report.bytes += parcel.bytes();
            report.blocks += parcel.block_count();
            if claimed.committed != 0 {
                assigned.early_bytes += parcel.bytes();
            }
            texts[parcel.source()]
                .extend(claimed.blocks.into_iter().map(|block| (block, claimed.committed)));
        }
        for (id, (source, mut blocks)) in self.graph.sources.iter().zip(texts).enumerate() {
            let report = &mut assigned.reports[id];
            match &source.kind {
                SourceKind::Items(pop) => {
                    let (items, records) = pop();
                    report.lines.records = records;
                    assigned.inputs.push(Input::Items(items));
                    continue;
                }
                SourceKind::Texts(pop) => {
                    blocks = pop()
                        .into_iter()
                        .map(|block| (Arc::new(TextBlock::new(block, parts.policy)), 0))
                        .collect();
                    report.bytes = blocks.iter().map(|(block, _)| block.raw_bytes() as u64).sum();
                    report.blocks = blocks.len() as u64;
                }
                SourceKind::Dial(_) | SourceKind::Listen(_) => {}
            }
            let blocks = split_large(blocks, parts.tasks.current_num_threads());
            let uncounted = blocks.iter().filter(|(block, _)| !block.is_checked());
            assigned.uncounted.extend(uncounted.map(|(block, _)| (id, block.clone())));
            assigned.inputs.push(Input::Text(blocks));
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
    /// Blocks whose lines nobody has counted, with their source.
    uncounted: Vec<(usize, Arc<TextBlock>)>,
}

/// Ends the process when a batch's end unwinds.
struct AbortOnUnwind;

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        eprintln!(
            "millstream: a value's Drop panicked at the end of a batch; the process cannot go on safely"
        );
        std::process::abort();
    }
}
