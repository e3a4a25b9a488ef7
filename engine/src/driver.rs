//! The driver: one thread that owns the clock's grid and gives one batch after the other its turn.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::time::{Duration as StdDuration, Instant};

use crate::batch::reason_of;
use crate::early;
use crate::engine::Engine;
use crate::error::{BoxError, Error, Result};
use crate::explain::explain;
use crate::graph::{Graph, Reaches, Source, SourceKind};
use crate::input::History;
use crate::intake::link::Endpoint;
use crate::intake::polled::Start;
use crate::intake::receiver::{ReceiverThread, Surroundings};
use crate::intake::socket::start_socket;
use crate::intake::{Admission, Bounds, Intake, Occasional, Reads, reserve_descriptors};
use crate::progress::{Notice, Progress};
use crate::punctual;
use crate::scope::Scope;
use crate::slabs::SlabPool;
use crate::snapshot::Snapshot;
use crate::status::{Status, Stop, Stopped, Wake};
use crate::threads::EngineThread;
use crate::time::{Duration, Time};
use crate::turn::Turn;

/// A receiver that is told to leave everything takes microseconds, unless it is in the middle of early
/// work, whose end is waited for later; or the machine does not let it run.
const STOP_NOW_LIMIT: StdDuration = StdDuration::from_secs(2);

/// How often the driver looks whether a draining receiver needs room.
const DRAIN_LOOK: StdDuration = StdDuration::from_millis(10);

/// What a driver is started with.
pub(crate) struct Orders {
    pub(crate) engine: Engine,
    pub(crate) batch_interval: Duration,
    pub(crate) block_interval: Duration,
    pub(crate) progress: Arc<Progress>,
    pub(crate) status: Arc<Status>,
    /// What to go on from.
    pub(crate) snapshot: Option<Snapshot>,
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
    receivers: Vec<ReceiverThread>,
    /// The thread that writes files; it ends when the graph has gone.
    writer: Option<EngineThread>,
    next: Time,
    /// How each source's blocks are read.
    reads: Vec<Reads>,
    /// The time from which slides are counted.
    zero: Time,
    /// What is needed of each source and stage.
    reaches: Reaches,
    history: History,
    /// For a sentence about records that were left out.
    left_out: Occasional,
    /// A batch was given up because the stream was stopped at once.
    cut_short: bool,
    /// Kept so that a manual clock goes on waking the driver.
    _wake: Arc<dyn Fn() + Send + Sync>,
}

impl Driver {
    /// Runs the setup, checks what it describes and starts its receivers.
    ///
    /// The brand is `'static` here, which is one of the lifetimes that the setup closure works for;
    /// what makes it a brand is that the closure must work for every other one too.
    pub(crate) fn start(
        setup: &(dyn for<'b> Fn(&Scope<'b>) -> Result<(), BoxError> + Send + Sync),
        orders: Orders,
    ) -> Result<(Self, Started)> {
        let parts = orders.engine.parts();
        let scope = Scope::<'static>::new(orders.batch_interval, &parts.conf);
        let described = catch_unwind(AssertUnwindSafe(|| setup(&scope)));
        described.map_err(|panic| Error::Setup { reason: reason_of(panic) })?.map_err(|e| {
            match e.downcast::<Error>() {
                Ok(error) => *error,
                Err(e) => Error::Setup { reason: e.to_string() },
            }
        })?;
        let mut graph = std::mem::replace(
            &mut *scope.graph().lock(),
            Graph::new(orders.batch_interval, false, parts.conf.unparsed),
        );
        graph.check()?;
        let explained = explain(&graph);
        let reaches = graph.reaches();
        let mut history = kept_inputs(&graph, &reaches, &parts.slabs)?;

        let clock = parts.conf.clock.clone();
        let now = clock.now();
        let mut before = now.floor(orders.batch_interval);
        let mut zero = before;
        if let Some(snapshot) = &orders.snapshot {
            for sentence in snapshot.put(&graph, &mut history, parts.policy)? {
                orders.progress.warn(sentence);
            }
            // Slides go on as they were, and no batch is there twice.
            zero = snapshot.zero();
            before = before.max(snapshot.time());
        }
        for (source, back) in graph.sources.iter_mut().zip(&reaches.sources) {
            if let SourceKind::Polled(poll) = &mut source.kind {
                let back = back.unwrap_or(Duration::ZERO).as_millis();
                let batches_back = back / orders.batch_interval.as_millis();
                poll.begin(&Start {
                    time: now,
                    batch_interval: orders.batch_interval,
                    disk: parts.conf.disk.clone(),
                    budget_bytes: parts.conf.budget_bytes(),
                    batches_kept: usize::try_from(batches_back).unwrap_or(usize::MAX - 1) + 1,
                })?;
            }
        }
        let threads = parts.tasks.current_num_threads();
        let early = graph.early();
        let reads = early
            .iter()
            .map(|early| match early {
                Some(early) => Reads { early: true, at_turn: early.keep_blocks },
                None => Reads { early: false, at_turn: true },
            })
            .collect();
        let admission = Admission::new(Bounds {
            interval: orders.batch_interval.to_std(),
            most_early_bytes: early::most_waiting_bytes(parts.slabs.slab_bytes(), threads),
            threads,
        });
        let intake = Arc::new(Intake::new(orders.batch_interval, before, admission));
        intake.on_stored(early::on_stored(early, &intake, parts.tasks.clone()));

        let writer = match graph.take_jobs() {
            Some(jobs) => Some(jobs.work_off(parts.conf.disk.clone())?),
            None => None,
        };

        let status = orders.status.clone();
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(move || status.nudge());
        clock.on_move(&wake);
        let next = before + orders.batch_interval;
        let mut driver = Driver {
            orders,
            graph,
            intake,
            receivers: Vec::new(),
            writer,
            next,
            reads,
            zero,
            reaches,
            history,
            left_out: Occasional::default(),
            cut_short: false,
            _wake: wake,
        };
        let listening = match driver.start_receivers() {
            Ok(listening) => listening,
            Err(e) => {
                driver.stop_receivers(false, STOP_NOW_LIMIT);
                return Err(e);
            }
        };
        let started = Started { explained, listening, zero: before, intake: driver.intake.clone() };
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
            reads: Reads { early: false, at_turn: true },
            max_carry_bytes: parts.carry_bytes,
            max_store_bytes: parts.store_bytes,
        };
        let is_listener = |source: &&Source| matches!(source.kind, SourceKind::Listen(..));
        let listeners = self.graph.sources.iter().filter(is_listener).count() as u64;
        let wanted = parts.conf.max_connections.map(|each| each.saturating_mul(listeners));
        let most_connections = if listeners > 0 { reserve_descriptors(wanted)? } else { 0 };
        let mut listening = Vec::new();
        for (id, source) in self.graph.sources.iter_mut().enumerate() {
            let (endpoint, framing) = match &mut source.kind {
                SourceKind::Dial(target, framing) => (Endpoint::Dial(target.clone()), *framing),
                SourceKind::Listen(address, framing) => {
                    let most = parts.conf.max_connections.unwrap_or(most_connections);
                    let (endpoint, address) = Endpoint::listen(address, most)?;
                    listening.push(address);
                    self.orders
                        .progress
                        .notice(&Notice::Listening { source: source.name.to_string(), address });
                    (endpoint, *framing)
                }
                SourceKind::Polled(poll) => {
                    self.receivers.extend(poll.start(id, &source.name, &surroundings)?);
                    continue;
                }
            };
            surroundings.reads = self.reads[id];
            surroundings.policy = parts.policy.framed(framing);
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
        punctual::wake_this_thread_in_time();
        let watched = punctual::watched(self.orders.batch_interval.to_std());
        let stop = loop {
            match self.orders.status.wait_for(&clock, self.next, watched) {
                Wake::Due => {}
                Wake::Stop(stop) => break stop,
                Wake::Snapshot(asked) => {
                    self.give_snapshot(&asked);
                    continue;
                }
            }
            self.run_next();
        };
        let drained = self.stop(stop) && !self.cut_short;
        // Early work that runs ends first, and none begins any more: no closure is called once the
        // stream has stopped.
        for parcel in self.intake.give_up() {
            parcel.claim();
        }
        let (status, progress) = (self.orders.status.clone(), self.orders.progress.clone());
        let writer = self.writer.take();
        // Everything of the graph goes before anybody hears that the stream has stopped.
        drop(self);
        if writer.is_some_and(|writer| !writer.wait(STOP_NOW_LIMIT)) {
            progress.warn("the disk did not answer in time; what was being written is given up");
        }
        status.end(Stopped { drained });
    }

    /// What the batches so far have left, for whoever asked.
    fn give_snapshot(&self, asked: &Sender<Result<Snapshot>>) {
        let done = self.next - self.orders.batch_interval;
        let snapshot = Snapshot::take(&self.graph, &self.history, self.zero, done);
        // Whoever asked may have gone meanwhile, and then nobody is left to tell.
        drop(asked.send(snapshot));
    }

    /// Stops the receivers and, if `stop` is graceful, processes what they have received. Says
    /// whether all of it was.
    fn stop(&mut self, stop: Stop) -> bool {
        let limit = self
            .orders
            .engine
            .parts()
            .conf
            .graceful_stop_limit(self.orders.batch_interval)
            .to_std();
        let deadline = Instant::now() + limit;
        if stop == Stop::Now {
            self.intake.only_store();
            return self.stop_receivers(false, STOP_NOW_LIMIT) && !self.has_more();
        }
        let all_read = self.stop_receivers(true, limit);
        while self.has_more() {
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
        all_read
    }

    /// Whether there is something that no batch has been given.
    fn has_more(&self) -> bool {
        let polled = self.graph.sources.iter().filter_map(|source| match &source.kind {
            SourceKind::Polled(poll) => Some(poll),
            SourceKind::Dial(..) | SourceKind::Listen(..) => None,
        });
        self.intake.has_unassigned() || polled.into_iter().any(|poll| poll.has_more())
    }

    /// Stops the receivers, which first read what has arrived if `drain`. Says whether they have,
    /// within `limit`.
    fn stop_receivers(&mut self, drain: bool, limit: StdDuration) -> bool {
        let receivers = std::mem::take(&mut self.receivers);
        for receiver in &receivers {
            receiver.stop(drain);
        }
        let deadline = Instant::now() + limit;
        let mut in_time = true;
        for receiver in receivers {
            while in_time && !receiver.wait(DRAIN_LOOK) {
                in_time = Instant::now() < deadline
                    && (!drain || self.orders.status.wanted() != Some(Stop::Now));
                if drain
                    && self.orders.engine.parts().slabs.is_full()
                    && self.intake.has_unassigned()
                {
                    // It waits for memory that only a batch gives back.
                    self.run_next();
                }
            }
            if !in_time {
                self.intake.only_store();
                receiver.stop(false);
                if !receiver.wait(STOP_NOW_LIMIT) {
                    let name = &self.graph.sources[receiver.source()].name;
                    self.orders
                        .progress
                        .warn(format!("the receiver of {name} did not stop in time"));
                }
            }
        }
        in_time
    }

    // ---- one batch ----

    fn run_next(&mut self) {
        let time = self.next;
        self.next = time + self.orders.batch_interval;
        let turn = Turn {
            graph: &mut self.graph,
            engine: &self.orders.engine,
            intake: &self.intake,
            receivers: &self.receivers,
            reads: &self.reads,
            cancelled: &self.orders.status.cancelled,
            interval: self.orders.batch_interval,
            zero: self.zero,
            reaches: &self.reaches,
            history: &mut self.history,
        };
        let (report, first_error) = turn.run(time);
        let cancelled = self.orders.status.cancelled.load(Ordering::Relaxed);
        self.cut_short |= cancelled && !report.succeeded();

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
        self.orders.progress.batch_completed(&report);
        self.orders.status.batch_done(time, first_error);
    }
}

/// Tells each stage how far back it is asked, and keeps as much of each source. Fails where windows
/// of raw records cannot fit: a batch's blocks may have a slab of their own.
fn kept_inputs(graph: &Graph<'_>, reaches: &Reaches, slabs: &SlabPool) -> Result<History> {
    for (stage, back) in graph.stages.iter().zip(&reaches.stages) {
        if let (Some(kept), &Some(back)) = (stage.work.kept(), back) {
            kept.stateful.reach(back);
        }
    }
    let (limit, slab_bytes) = (slabs.limit_bytes(), slabs.slab_bytes() as u64);
    let mut kept = Vec::with_capacity(graph.sources.len());
    for (source, back) in graph.sources.iter().zip(&reaches.sources) {
        let back = back.unwrap_or(Duration::ZERO);
        let received = !matches!(source.kind, SourceKind::Polled(_));
        let batches = (back.as_millis() / graph.batch_interval.as_millis()) as u64 + 1;
        // One more slab is filled meanwhile.
        let needed = (batches + 1).saturating_mul(slab_bytes);
        if received && back > Duration::ZERO && needed > limit {
            return Err(Error::WindowMemory {
                source_name: source.name.to_string(),
                window: back + graph.batch_interval,
                batches,
                needed,
                slab_bytes,
                limit,
            });
        }
        kept.push(back);
    }
    Ok(History::new(kept, reaches.stages.iter().copied().flatten()))
}
