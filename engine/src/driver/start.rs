//! How a driver starts: the graph is described and checked, what is to be gone on from is put into it, and
//! the receivers start.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::backlog::Backlog;
use super::durable::Checkpointing;
use super::opening::{is_logged, keeping, opened, warn_of_what_no_copy_has};
use super::sources::begin_polled;
use super::stopping::STOP_NOW_LIMIT;
use super::{Driver, Orders, Started};
use crate::batch::reason_of;
use crate::early;
use crate::engine::Parts;
use crate::error::{BoxError, Error, Result};
use crate::explain::explain;
use crate::graph::{Graph, Reaches, Source, SourceKind};
use crate::input::{History, SharedHistory};
use crate::intake::{Admission, Bounds, Intake, Reads};
use crate::journal::Recovered;
use crate::occasional::Occasional;
use crate::progress::Progress;
use crate::scope::Scope;
use crate::slabs::SlabPool;
use crate::snapshot::Snapshot;
use crate::spill::{Overflow, ScratchFiles};
use crate::spiller::{Memory, Spiller};
use crate::time::{Duration, Time};
use crate::writer::Desk;

/// What describes the graph.
pub(crate) type Setup = dyn for<'b> Fn(&Scope<'b>) -> Result<(), BoxError> + Send + Sync;

impl Driver {
    /// Runs the setup, checks what it describes and starts its receivers.
    pub(crate) fn start(setup: &Setup, orders: Orders) -> Result<(Self, Started)> {
        let parts = orders.engine.parts();
        let mut graph = described(setup, &orders)?;
        let is_logged = is_logged(&graph, &orders)?;
        warn_of_what_no_copy_has(&graph, &orders, is_logged);
        let explained = explain(&graph);
        let reaches = graph.reaches();
        let mut history = kept_inputs(&graph, &reaches, &parts.slabs)?;

        let waits_for_room = Arc::new(AtomicBool::new(false));
        let (journal, mut recovered) = opened(&orders, &graph, &waits_for_room)?;
        let is_new = recovered.parts.is_none();
        let snapshot = match recovered.parts.take() {
            Some(parts) => Some(Snapshot::of_parts(parts)?),
            None => orders.snapshot.clone(),
        };
        recovered.warnings.drain(..).for_each(|sentence| orders.progress.warn(sentence));

        let mut clock = parts.conf.clock.clone();
        let mut zero = clock.now().floor(orders.batch_interval);
        let mut before = zero;
        if let Some(last) = recovered.again.last().map(|again| again.assigned.time) {
            clock = clock.going_on_from(last);
            before = before.max(last);
        }
        if let Some(snapshot) = &snapshot {
            for sentence in snapshot.put(&graph, &mut history, parts.policy)? {
                orders.progress.warn(sentence);
            }
            // Slides go on as they were, and no batch is there twice, whatever the wall clock says.
            zero = snapshot.zero();
            clock = clock.going_on_from(snapshot.time());
            before = before.max(snapshot.time());
        }
        begin_polled(&mut graph, &reaches, parts, clock.now(), is_logged, snapshot.as_ref())?;
        let early = graph.early();
        let reads = early
            .iter()
            .map(|early| match early {
                Some(early) => Reads { early: true, at_turn: early.keep_blocks },
                None => Reads { early: false, at_turn: true },
            })
            .collect();
        let threads = parts.tasks.current_num_threads();
        // Without a log nothing is read back.
        let most_read_back = if is_logged { parts.slabs.most_bytes() / 2 } else { u64::MAX };
        let admission = Admission::new(Bounds {
            most_batch_bytes: most_read_back,
            interval: orders.batch_interval.to_std(),
            most_early_bytes: early::most_waiting_bytes(parts.slabs.slab_bytes(), threads),
            threads,
        });
        let intake = Arc::new(Intake::new(orders.batch_interval, before, admission));
        intake.on_stored(early::on_stored(early, &intake, parts.tasks.clone()));

        let history = SharedHistory::new(history);
        let spiller = spiller(&graph, parts, &intake, &history, &orders.progress)?;
        let log = orders.durability.as_ref().map(|_| graph.log_writer());
        let keeping =
            journal.map(|journal| keeping(journal, &graph, &orders, waits_for_room.clone()));
        let writer = match graph.take_jobs() {
            Some(jobs) => Some(jobs.work_off(Desk::new(parts.conf.disk.clone(), keeping))?),
            None => None,
        };
        if let (Some(log), true) = (&log, is_logged) {
            let log = log.clone();
            intake.log_ahead(Some(Box::new(move |parcel| log.log(parcel))));
        }
        let checkpointing = orders
            .durability
            .as_ref()
            .map(|durability| Checkpointing::new(durability.interval, most_read_back));

        let status = orders.status.clone();
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(move || status.nudge());
        clock.on_move(&wake);
        let next = before + orders.batch_interval;
        let held = parts.slabs.reservation();
        let conf = &parts.conf;
        let backlog = Backlog::new(conf.overrun, conf.most_waiting()?, zero, &graph);
        let mut driver = Driver {
            orders,
            clock,
            graph,
            intake,
            receivers: Vec::new(),
            writer,
            log,
            is_logged,
            recovered_waits: false,
            waits_for_room,
            checkpointing,
            next,
            ended: before,
            backlog,
            merged: Occasional::default(),
            reads,
            rates: Vec::new(),
            zero,
            reaches,
            history,
            held,
            spiller,
            crowded: Occasional::default(),
            left_out: Occasional::default(),
            cut_short: false,
            _wake: wake,
        };
        let listening = match driver.begin(recovered, next, is_new) {
            Ok(listening) => listening,
            Err(e) => {
                driver.stop_receivers(false, STOP_NOW_LIMIT);
                driver.let_go();
                return Err(e);
            }
        };
        let started = Started { explained, listening, zero: before, intake: driver.intake.clone() };
        Ok((driver, started))
    }

    /// Goes on from what was found, and starts the receivers; answers where they listen.
    fn begin(
        &mut self,
        mut recovered: Recovered,
        next: Time,
        is_new: bool,
    ) -> Result<Vec<SocketAddr>> {
        let senders = std::mem::take(&mut recovered.senders);
        self.go_on_from(recovered)?;
        self.next = self.next.max(next);
        if is_new {
            self.first_checkpoint()?;
        }
        self.orders.status.go_on_unless_failed()?;
        self.waits_for_room.store(true, Ordering::Relaxed);
        self.start_receivers(&senders)
    }
}

/// What the setup describes, checked.
///
/// The brand is `'static` here, which is one of the lifetimes that the setup closure works for; what makes
/// it a brand is that the closure must work for every other one too.
fn described(setup: &Setup, orders: &Orders) -> Result<Graph<'static>> {
    let (parts, batch_interval) = (orders.engine.parts(), orders.batch_interval);
    let overflow = Overflow::new(
        ScratchFiles::in_directory(parts.conf.disk.clone(), parts.conf.spill_place()),
        parts.slabs.clone(),
        orders.progress.clone(),
    );
    let scope = Scope::<'static>::new(batch_interval, &parts.conf, overflow);
    let described = catch_unwind(AssertUnwindSafe(|| setup(&scope)));
    described.map_err(|panic| Error::Setup { reason: reason_of(panic) })?.map_err(|e| {
        match e.downcast::<Error>() {
            Ok(error) => *error,
            Err(e) => Error::Setup { reason: e.to_string() },
        }
    })?;
    let graph = std::mem::replace(
        &mut *scope.graph().lock(),
        Graph::new(batch_interval, false, parts.conf.unparsed),
    );
    graph.check()?;
    Ok(graph)
}

/// What moves blocks to disk, where the level of a source lets it.
fn spiller(
    graph: &Graph<'_>,
    parts: &Parts,
    intake: &Arc<Intake>,
    history: &SharedHistory,
    progress: &Arc<Progress>,
) -> Result<Option<Spiller>> {
    let has_blocks = |source: &Source| !matches!(source.kind, SourceKind::Polled(_));
    if !graph.sources.iter().any(|source| has_blocks(source) && source.level.uses_disk()) {
        return Ok(None);
    }
    let memory = Memory {
        levels: graph.sources.iter().map(|source| source.level).collect(),
        intake: intake.clone(),
        history: history.clone(),
        pool: parts.slabs.clone(),
    };
    let files = ScratchFiles::open(parts.conf.disk.clone(), parts.conf.spill_place())?;
    Spiller::start(files, memory, progress).map(Some)
}

/// Tells each stage how far back it is asked, and keeps as much of each source. Fails where windows
/// of raw records cannot fit: a batch's blocks may have a slab of their own.
fn kept_inputs(graph: &Graph<'_>, reaches: &Reaches, slabs: &SlabPool) -> Result<History> {
    for (stage, back) in graph.stages.iter().zip(&reaches.stages) {
        if let (Some(kept), &Some(back)) = (stage.work.kept(), back) {
            kept.stateful.reach(back);
        }
    }
    let (limit, slab_bytes) = (slabs.most_bytes(), slabs.slab_bytes() as u64);
    let mut kept = Vec::with_capacity(graph.sources.len());
    for (source, back) in graph.sources.iter().zip(&reaches.sources) {
        let back = back.unwrap_or(Duration::ZERO);
        let received = !matches!(source.kind, SourceKind::Polled(_));
        let batches = (back.as_millis() / graph.batch_interval.as_millis()) as u64 + 1;
        // One more slab is filled meanwhile.
        let needed = (batches + 1).saturating_mul(slab_bytes);
        let in_memory = received && !source.level.uses_disk();
        if in_memory && back > Duration::ZERO && needed > limit {
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
