//! How a driver starts: the graph is described and checked, what is to be gone on from is put into it, and
//! the receivers start.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::durable::Checkpointing;
use super::stopping::STOP_NOW_LIMIT;
use super::{Driver, Orders, Started};
use crate::batch::reason_of;
use crate::early;
use crate::engine::Parts;
use crate::error::{BoxError, Error, Result};
use crate::explain::explain;
use crate::graph::{Graph, Reaches, Source, SourceKind};
use crate::input::History;
use crate::intake::link::Endpoint;
use crate::intake::polled::Start;
use crate::intake::receiver::Surroundings;
use crate::intake::socket::start_socket;
use crate::intake::{Admission, Bounds, Intake, Occasional, Reads, reserve_descriptors};
use crate::journal::{Journal, Recovered, SendersBySource};
use crate::progress::Notice;
use crate::scope::Scope;
use crate::slabs::SlabPool;
use crate::snapshot::Snapshot;
use crate::time::{Duration, Time};
use crate::writer::{Desk, Keeping};

/// What describes the graph.
pub(crate) type Setup = dyn for<'b> Fn(&Scope<'b>) -> Result<(), BoxError> + Send + Sync;

impl Driver {
    /// Runs the setup, checks what it describes and starts its receivers.
    pub(crate) fn start(setup: &Setup, orders: Orders) -> Result<(Self, Started)> {
        let parts = orders.engine.parts();
        let mut graph = described(setup, parts, orders.batch_interval)?;
        let is_logged = orders.durability.as_ref().is_some_and(|durability| durability.log);
        if is_logged {
            graph.check_logged()?;
        }
        let explained = explain(&graph);
        let reaches = graph.reaches();
        let mut history = kept_inputs(&graph, &reaches, &parts.slabs)?;

        refuse_unlogged(&graph, &orders)?;
        let (journal, mut recovered) = opened(&orders)?;
        let is_new = recovered.parts.is_none();
        let snapshot = match recovered.parts.take() {
            Some(parts) => Some(Snapshot::of_parts(parts)?),
            None => orders.snapshot.clone(),
        };
        recovered.warnings.drain(..).for_each(|sentence| orders.progress.warn(sentence));
        warn_of_senders_left(&recovered.senders, &graph, &orders);

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
        let admission = Admission::new(Bounds {
            interval: orders.batch_interval.to_std(),
            most_early_bytes: early::most_waiting_bytes(parts.slabs.slab_bytes(), threads),
            threads,
        });
        let intake = Arc::new(Intake::new(orders.batch_interval, before, admission));
        intake.on_stored(early::on_stored(early, &intake, parts.tasks.clone()));

        let log = orders.durability.as_ref().map(|_| graph.log_writer());
        let waits_for_room = Arc::new(AtomicBool::new(false));
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
        let most_behind_bytes = parts.slabs.limit_bytes() / 2;
        let checkpointing = orders
            .durability
            .as_ref()
            .map(|durability| Checkpointing::new(durability.interval, most_behind_bytes));

        let status = orders.status.clone();
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(move || status.nudge());
        clock.on_move(&wake);
        let next = before + orders.batch_interval;
        let mut driver = Driver {
            orders,
            clock,
            graph,
            intake,
            receivers: Vec::new(),
            writer,
            log,
            is_logged,
            waits_for_room,
            checkpointing,
            next,
            reads,
            zero,
            reaches,
            history,
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

    fn start_receivers(&mut self, senders: &SendersBySource) -> Result<Vec<SocketAddr>> {
        let parts = self.orders.engine.parts();
        let mut surroundings = Surroundings {
            intake: self.intake.clone(),
            pool: parts.slabs.clone(),
            clock: self.clock.clone(),
            progress: self.orders.progress.clone(),
            block_interval: self.orders.block_interval,
            policy: parts.policy,
            reads: Reads { early: false, at_turn: true },
            max_carry_bytes: parts.carry_bytes,
            max_store_bytes: parts.store_bytes,
        };
        let is_listener = |source: &&Source| {
            matches!(source.kind, SourceKind::Listen(..) | SourceKind::Acknowledged(..))
        };
        let listeners = self.graph.sources.iter().filter(is_listener).count() as u64;
        let wanted = parts.conf.max_connections.map(|each| each.saturating_mul(listeners));
        let most_connections = if listeners > 0 { reserve_descriptors(wanted)? } else { 0 };
        let mut listening = Vec::new();
        for (id, source) in self.graph.sources.iter_mut().enumerate() {
            let mut listen = |address: &str| {
                let most = parts.conf.max_connections.unwrap_or(most_connections);
                let (endpoint, address) = Endpoint::listen(address, most)?;
                listening.push(address);
                let notice = Notice::Listening { source: source.name.to_string(), address };
                self.orders.progress.notice(&notice);
                Ok::<_, Error>(endpoint)
            };
            let (endpoint, framing, senders) = match &mut source.kind {
                SourceKind::Dial(target, framing) => {
                    (Endpoint::Dial(target.clone()), *framing, None)
                }
                SourceKind::Listen(address, framing) => (listen(address)?, *framing, None),
                SourceKind::Acknowledged(address) => {
                    (listen(address)?, None, Some(senders.of(&source.name)))
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
                senders,
                surroundings.clone(),
            )?);
        }
        Ok(listening)
    }
}

/// The durable files of the stream, where it has any, and what is to be gone on from.
fn opened(orders: &Orders) -> Result<(Option<Journal>, Recovered)> {
    let conf = &orders.engine.parts().conf;
    let Some(durability) = &orders.durability else {
        return match conf.write_ahead_log {
            false => Ok((None, Recovered::default())),
            true => Err(Error::Setting {
                setting: "Conf::write_ahead_log",
                got: "on, and there is no directory for the log".into(),
                want: "off, or the context be given a checkpoint directory, by \
                       StreamingContext::get_or_create or checkpoint"
                    .into(),
            }),
        };
    };
    let opened = Journal::open(conf.disk.clone(), &durability.directory, &conf.app_name)?;
    let (journal, recovered) = opened;
    durability.check(&recovered)?;
    Ok((Some(journal), recovered))
}

/// Fails where lines are to be acknowledged, which they are once they are logged, and there is no log.
fn refuse_unlogged(graph: &Graph<'_>, orders: &Orders) -> Result<()> {
    let is_logged = orders.durability.as_ref().is_some_and(|durability| durability.log);
    let mut sources = graph.sources.iter();
    match sources.find(|source| matches!(source.kind, SourceKind::Acknowledged(..))) {
        Some(source) if !is_logged => {
            Err(Error::NotLogged { source_name: source.name.to_string() })
        }
        _ => Ok(()),
    }
}

/// Says whose numbers are kept for a source that is not in the graph.
fn warn_of_senders_left(senders: &SendersBySource, graph: &Graph<'_>, orders: &Orders) {
    let is_acknowledged = |source: &&Source| matches!(source.kind, SourceKind::Acknowledged(..));
    let names: Vec<&str> =
        graph.sources.iter().filter(is_acknowledged).map(|source| &*source.name).collect();
    for source in senders.others(&names) {
        orders.progress.warn(format!(
            "the log knows senders of the source {source:?}, which is not in the graph; how far their lines \
             have come is kept for when it is"
        ));
    }
}

/// What the writer's thread needs to keep a journal.
fn keeping(
    journal: Journal,
    graph: &Graph<'_>,
    orders: &Orders,
    waits_for_room: Arc<AtomicBool>,
) -> Keeping {
    let (status, given_up) = (orders.status.clone(), orders.status.clone());
    Keeping {
        journal,
        names: graph.sources.iter().map(|source| source.name.clone()).collect(),
        progress: orders.progress.clone(),
        given_up: Box::new(move || given_up.waits_no_more()),
        waits_for_room,
        on_failure: Box::new(move |error| status.fail(error)),
        failed: None,
        said: Occasional::default(),
    }
}

/// What the setup describes, checked.
///
/// The brand is `'static` here, which is one of the lifetimes that the setup closure works for; what makes
/// it a brand is that the closure must work for every other one too.
fn described(setup: &Setup, parts: &Parts, batch_interval: Duration) -> Result<Graph<'static>> {
    let scope = Scope::<'static>::new(batch_interval, &parts.conf);
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

/// Begins the sources that are asked at each batch's turn.
fn begin_polled(
    graph: &mut Graph<'static>,
    reaches: &Reaches,
    parts: &Parts,
    now: Time,
    is_logged: bool,
    snapshot: Option<&Snapshot>,
) -> Result {
    let batch_interval = graph.batch_interval;
    for (id, (source, back)) in graph.sources.iter_mut().zip(&reaches.sources).enumerate() {
        if let SourceKind::Polled(poll) = &mut source.kind {
            let back = back.unwrap_or(Duration::ZERO).as_millis();
            let batches_back = back / batch_interval.as_millis();
            poll.begin(&Start {
                time: now,
                batch_interval,
                disk: parts.conf.disk.clone(),
                budget_bytes: parts.conf.budget_bytes(),
                batches_kept: usize::try_from(batches_back).unwrap_or(usize::MAX - 1) + 1,
                is_logged,
                position: snapshot.and_then(|snapshot| snapshot.position(id, &source.name)),
            })?;
        }
    }
    Ok(())
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
