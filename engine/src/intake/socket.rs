//! The socket receiver: one thread, one event loop, any number of connections, all reading into one
//! slab.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::time::{Duration as StdDuration, Instant};

use mio::{Events, Poll, Token, Waker};

use super::connection::{Connection, Outcome};
use super::link::{Endpoint, LISTENER, Link, Made};
use super::occasional::Occasional;
use super::parcel::Parcel;
use super::receiver::{Order, ReceiverThread, Surroundings};
use crate::block::{Block, Origin, SourceId};
use crate::error::{Error, Result};
use crate::framing::Framed;
use crate::progress::{LineCounts, Notice};
use crate::received::ReceivedBlock;
use crate::slabs::{READ_ROOM_BYTES, Slab};
use crate::time::Time;

const WAKE: Token = Token(usize::MAX);

/// The most that a kernel holds of a connection's bytes, with room to spare: Linux's default limit
/// is 6 MiB.
const MOST_ARRIVED_BYTES: u64 = 8 << 20;

/// How often a draining receiver looks whether it may read on, beside being woken.
const PAUSE_LOOK: StdDuration = StdDuration::from_millis(10);

/// Starts the receiver of `source` on a thread of its own.
pub(crate) fn start_socket(
    source: SourceId,
    name: String,
    endpoint: Endpoint,
    surroundings: Surroundings,
) -> Result<ReceiverThread> {
    let failed = |e: io::Error| Error::io(format!("{name} could not be set up"), &e);
    let poll = Poll::new().map_err(failed)?;
    let waker = Waker::new(poll.registry(), WAKE).map_err(failed)?;
    let wake: Arc<dyn Fn() + Send + Sync> = Arc::new({
        let progress = surroundings.progress.clone();
        let name = name.clone();
        move || {
            if let Err(e) = waker.wake() {
                progress.warn(format!("{name} could not be woken: {e}"));
            }
        }
    });
    let paused = Arc::new(AtomicBool::new(false));
    surroundings.intake.expect(source);
    surroundings.intake.admission.on_change(Box::new({
        let (wake, paused) = (wake.clone(), paused.clone());
        move || {
            if paused.load(Ordering::Relaxed) {
                wake();
            }
        }
    }));
    let registry = poll.registry().try_clone().map_err(failed)?;
    let link = Link::new(name.clone(), endpoint, registry, surroundings.progress.clone());
    let link = link.map_err(failed)?;
    let order = Arc::new(Order::default());
    let clock = surroundings.clock.clone();
    let receiver = SocketReceiver {
        source,
        name,
        poll,
        wake: wake.clone(),
        order: order.clone(),
        paused,
        waits_for_slab: Arc::default(),
        next_close: clock.now().floor(surroundings.block_interval) + surroundings.block_interval,
        slab: None,
        open: Vec::new(),
        framing: LineCounts::default(),
        connections: HashMap::new(),
        ready: VecDeque::new(),
        carried_bytes: 0,
        full: Occasional::default(),
        dropped: Occasional::default(),
        torn: Occasional::default(),
        draining: false,
        link,
        around: surroundings,
    };
    ReceiverThread::spawn(source, &clock, order, wake, move || receiver.run())
}

struct SocketReceiver {
    source: SourceId,
    name: String,
    poll: Poll,
    wake: Arc<dyn Fn() + Send + Sync>,
    order: Arc<Order>,
    /// Set while data waits that the receiver may not read; whoever changes that then wakes it.
    paused: Arc<AtomicBool>,
    /// Set while the pool has promised to wake this thread.
    waits_for_slab: Arc<AtomicBool>,
    next_close: Time,
    slab: Option<Slab>,
    /// The runs of whole records in the slab that are not cut off yet.
    open: Vec<Run>,
    /// Records counted since the last cut.
    framing: LineCounts,
    connections: HashMap<usize, Connection>,
    /// Connections that may have bytes to read, each once, served in turn.
    ready: VecDeque<usize>,
    carried_bytes: usize,
    full: Occasional,
    dropped: Occasional,
    torn: Occasional,
    /// Stopping: what has arrived is read, whatever the batches can take; only the budget binds.
    draining: bool,
    link: Link,
    around: Surroundings,
}

/// Whole records of one connection, in a row in the slab.
struct Run {
    connection: usize,
    offset: u64,
    range: Range<usize>,
}

impl SocketReceiver {
    fn run(mut self) {
        let mut events = Events::with_capacity(1024);
        loop {
            if let Err(e) = self.poll.poll(&mut events, self.sleep())
                && e.kind() != io::ErrorKind::Interrupted
            {
                self.around.progress.warn(format!("{}: waiting for events failed: {e}", self.name));
            }
            if let Some(drain) = self.order.stop_wanted() {
                return self.stop(drain);
            }
            self.close_when_due();
            let mut link_event = false;
            for event in &events {
                match event.token() {
                    WAKE => {}
                    LISTENER => link_event = true,
                    Token(id) if self.connections.contains_key(&id) => self.queue(id),
                    Token(_) => link_event = true,
                }
            }
            self.tend_link(link_event);
            self.read_ready_once();
        }
    }

    /// How long to wait for an event.
    fn sleep(&self) -> Option<StdDuration> {
        if !self.ready.is_empty() && !self.paused.load(Ordering::Relaxed) {
            return Some(StdDuration::ZERO);
        }
        let link = self.link.due().map(|at| at.saturating_duration_since(Instant::now()));
        [self.around.clock.remaining(self.next_close), link].into_iter().flatten().min()
    }

    /// Puts a connection in the row of those that wait to be read, once.
    fn queue(&mut self, id: usize) {
        if let Some(connection) = self.connections.get_mut(&id)
            && !std::mem::replace(&mut connection.queued, true)
        {
            self.ready.push_back(id);
        }
    }

    // ---- blocks ----

    fn close_when_due(&mut self) {
        let now = self.around.clock.now();
        if now < self.next_close {
            return;
        }
        if self.slab.as_ref().is_some_and(|slab| slab.filled() == 0) {
            // Nothing came since the last cut: others may need the memory.
            self.slab = None;
        }
        self.cut();
        let closed = now.floor(self.around.block_interval);
        self.around.intake.close(self.source, closed);
        self.next_close = closed + self.around.block_interval;
    }

    /// Closes the open blocks and stores them.
    fn cut(&mut self) {
        let framing = std::mem::take(&mut self.framing);
        let mut blocks = Vec::with_capacity(self.open.len());
        if let Some(slab) = self.slab.as_mut().filter(|slab| slab.filled() > 0) {
            let (bytes, lease) = slab.cut();
            for run in self.open.drain(..) {
                let origin = Origin {
                    source: self.source,
                    connection: run.connection as u64,
                    offset: run.offset,
                };
                let block = Block::new(bytes.slice(run.range), lease.clone(), origin);
                blocks.push(Arc::new(ReceivedBlock::new(block, self.around.policy)));
            }
        }
        if !blocks.is_empty() || framing != LineCounts::default() {
            self.around.intake.store(Parcel::new(self.source, blocks, framing), self.next_close);
        }
    }

    /// Sees to it that the slab has `wanted` bytes of room; `false` at the budget's end.
    fn make_room(&mut self, wanted: usize) -> bool {
        if self.slab.as_mut().is_some_and(|slab| slab.room().len() >= wanted) {
            return true;
        }
        self.cut();
        // Gone before the next is asked for, so that a budget of two slabs can go round.
        self.slab = None;
        let wake = self.wake.clone();
        self.slab = match self.waits_for_slab.swap(true, Ordering::SeqCst) {
            true => self.around.pool.take(),
            false => {
                let waits = self.waits_for_slab.clone();
                self.around.pool.take_or(Box::new(move || {
                    waits.store(false, Ordering::SeqCst);
                    wake();
                }))
            }
        };
        if self.slab.is_none() {
            self.say_full();
        }
        self.slab.is_some()
    }

    fn say_full(&mut self) {
        if self.full.is_time() {
            self.around.progress.warn(format!(
                "{}: received data fills its {} bytes of memory; senders are held back until a batch is done",
                self.name,
                self.around.pool.limit_bytes()
            ));
        }
    }

    // ---- reading ----

    /// Serves each connection that is ready with one read.
    fn read_ready_once(&mut self) {
        for _ in 0..self.ready.len() {
            self.close_when_due();
            let Some(id) = self.ready.pop_front() else { return };
            let Some(connection) = self.connections.get(&id) else { continue };
            let wanted = connection.wants(READ_ROOM_BYTES.min(self.around.pool.slab_bytes() / 4));
            // Told first and looked at second, so that a change between the two wakes this thread.
            self.paused.store(true, Ordering::SeqCst);
            fence(Ordering::SeqCst);
            if !(self.draining || self.around.intake.admission.may_read(self.around.reads))
                || !self.make_room(wanted)
            {
                self.ready.push_front(id);
                if self.around.reads.early {
                    // What is read is worked on while nothing may be read.
                    self.cut();
                }
                return;
            }
            self.paused.store(false, Ordering::SeqCst);
            if let Some(connection) = self.connections.get_mut(&id) {
                connection.queued = false;
            }
            if self.read(id) {
                self.queue(id);
            }
        }
        self.paused.store(false, Ordering::SeqCst);
    }

    /// Reads once from connection `id`; says whether there may be more.
    fn read(&mut self, id: usize) -> bool {
        let (Some(connection), Some(slab)) = (self.connections.get_mut(&id), self.slab.as_mut())
        else {
            return false;
        };
        let carried_before = connection.carried();
        let step = connection.read(slab, self.around.policy.limit);
        let carried = connection.carried();
        self.carried_bytes = self.carried_bytes + carried - carried_before;
        self.take_in(id, step.first_offset, step.framed);
        while self.carried_bytes > self.around.max_carry_bytes {
            let longest =
                self.connections.iter().max_by_key(|(_, connection)| connection.carried());
            let Some((&longest, _)) = longest else { break };
            if !self.give_up_record(longest) {
                break;
            }
        }
        match step.outcome {
            Outcome::More => true,
            Outcome::Drained => false,
            Outcome::Ended => {
                self.disconnect(id, None);
                false
            }
            Outcome::Broke(error) => {
                self.disconnect(id, Some(error.to_string()));
                false
            }
        }
    }

    fn take_in(&mut self, id: usize, offset: u64, framed: Framed) {
        self.framing += framed.counts;
        if let Some(torn) = framed.torn
            && self.torn.is_time()
        {
            self.around.progress.warn(format!(
                "{}: connection {id} ended after {torn}, which are no record; every record must be whole",
                self.name
            ));
        }
        let range = framed.records;
        if range.is_empty() {
            return;
        }
        self.around.intake.admission.took_in(self.around.reads, range.len() as u64);
        match self.open.last_mut() {
            Some(run) if run.connection == id && run.range.end == range.start => {
                run.range.end = range.end
            }
            _ => self.open.push(Run { connection: id, offset, range }),
        }
    }

    /// Drops what `id` has not finished; says whether it could.
    fn give_up_record(&mut self, id: usize) -> bool {
        let Some(connection) = self.connections.get_mut(&id) else { return false };
        let before = connection.carried();
        let Some(framed) = connection.give_up_record() else { return false };
        self.carried_bytes = self.carried_bytes + connection.carried() - before;
        self.framing += framed.counts;
        if self.dropped.is_time() {
            self.around.progress.warn(format!(
                "{}: unfinished records hold more than {} bytes, so the longest, of connection {id}, is dropped",
                self.name, self.around.max_carry_bytes
            ));
        }
        true
    }

    fn disconnect(&mut self, id: usize, reason: Option<String>) {
        if let Some(mut connection) = self.connections.remove(&id) {
            self.carried_bytes -= connection.carried();
            if let Err(e) = self.poll.registry().deregister(connection.stream()) {
                self.around
                    .progress
                    .warn(format!("{}: connection {id} could not be deregistered: {e}", self.name));
            }
        }
        let notice =
            Notice::Disconnected { source: self.name.clone(), connection: id as u64, reason };
        self.around.progress.notice(&notice);
        self.link.lost_one();
    }

    fn tend_link(&mut self, event: bool) {
        for Made { id, stream, peer } in self.link.tend(event, self.connections.len()) {
            let notice = Notice::Connected {
                source: self.name.clone(),
                connection: id as u64,
                peer: peer.to_string(),
            };
            self.connections.insert(id, Connection::new(stream, self.around.policy.framing()));
            self.queue(id);
            self.around.progress.notice(&notice);
        }
    }

    // ---- stopping ----

    /// Reads what had arrived when the stop was ordered: a sender that goes on is not followed.
    fn drain(&mut self) {
        let most: HashMap<usize, u64> = self
            .connections
            .iter()
            .map(|(&id, c)| (id, c.received() + MOST_ARRIVED_BYTES))
            .collect();
        self.draining = true;
        for id in Vec::from_iter(self.connections.keys().copied()) {
            self.queue(id);
        }
        while !self.ready.is_empty() && self.order.stop_wanted() == Some(true) {
            self.read_ready_once();
            let connections = &self.connections;
            self.ready.retain(|id| {
                connections
                    .get(id)
                    .is_some_and(|c| most.get(id).is_some_and(|&most| c.received() < most))
            });
            if self.paused.load(Ordering::Relaxed)
                && let Err(e) = self.poll.poll(&mut Events::with_capacity(8), Some(PAUSE_LOOK))
            {
                self.around.progress.warn(format!("{}: waiting for room failed: {e}", self.name));
                return;
            }
        }
    }

    /// Reads what has arrived if `drain`, closes the last blocks and everything else. A record
    /// that its sender had not finished is no record.
    fn stop(mut self, drain: bool) {
        if drain {
            self.tend_link(true);
            self.drain();
        }
        let unfinished =
            self.connections.values().filter(|c| c.has_unfinished_record()).count() as u64;
        if unfinished > 0 {
            let notice = Notice::Unfinished { source: self.name.clone(), connections: unfinished };
            self.around.progress.notice(&notice);
        }
        self.cut();
        self.around.intake.close(self.source, Time::from_millis(i64::MAX));
    }
}
