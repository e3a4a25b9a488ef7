//! The socket receiver: one thread, one event loop, any number of connections, all reading into one
//! slab.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::time::{Duration as StdDuration, Instant};

use mio::{Events, Poll, Token, Waker};
use parking_lot::{Mutex, MutexGuard};

use super::assignment::{Stored, Work};
use super::connection::{Connection, Outcome};
use super::filling::Filling;
use super::link::{Endpoint, LISTENER, Link, Made};
use super::occasional::Occasional;
use super::receiver::{Order, ReceiverThread, Surroundings};
use crate::block::SourceId;
use crate::error::{Error, Result};
use crate::progress::Notice;
use crate::slabs::{READ_ROOM_BYTES, Slab};

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
    let filling = Arc::new(Mutex::new(Filling::new(source, &surroundings)));
    let receiver = SocketReceiver {
        filling: filling.clone(),
        name,
        poll,
        wake: wake.clone(),
        order: order.clone(),
        paused,
        waits_for_slab: Arc::default(),
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
    let thread = ReceiverThread::spawn(source, &clock, order, wake, move || receiver.run())?;
    Ok(thread.closed_by_the_driver(filling))
}

struct SocketReceiver {
    name: String,
    poll: Poll,
    wake: Arc<dyn Fn() + Send + Sync>,
    order: Arc<Order>,
    /// Set while data waits that the receiver may not read; whoever changes that then wakes it.
    paused: Arc<AtomicBool>,
    /// Set while the pool has promised to wake this thread.
    waits_for_slab: Arc<AtomicBool>,
    filling: Arc<Mutex<Filling>>,
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
        let close = self.filling.lock().due();
        let close = close.and_then(|due| self.around.clock.remaining(due));
        [close, link].into_iter().flatten().min()
    }

    /// Puts a connection in the row of those that wait to be read, once.
    fn queue(&mut self, id: usize) {
        if let Some(connection) = self.connections.get_mut(&id)
            && !std::mem::replace(&mut connection.queued, true)
        {
            self.ready.push_back(id);
        }
    }

    /// Closes what is due, and again if the work on it has taken so long that more is.
    fn close_when_due(&self) {
        loop {
            let work = self.filling.lock().close_early_when_due(self.around.clock.now());
            let Some(work) = work else { return };
            work();
        }
    }

    // ---- reading ----

    /// Serves each connection that is ready with one read.
    fn read_ready_once(&mut self) {
        let filling = self.filling.clone();
        for _ in 0..self.ready.len() {
            self.close_when_due();
            if self.order.stop_wanted() == Some(false) {
                return;
            }
            let Some(id) = self.ready.pop_front() else { return };
            let Some(connection) = self.connections.get(&id) else { continue };
            let wanted = connection.wants(READ_ROOM_BYTES.min(self.around.pool.slab_bytes() / 4));
            // Told first and looked at second, so that a change between the two wakes this thread.
            self.paused.store(true, Ordering::SeqCst);
            fence(Ordering::SeqCst);
            let may_read =
                self.draining || self.around.intake.admission.may_read(self.around.reads);
            let room = match may_read {
                true => self.with_room(&filling, wanted),
                false => None,
            };
            let Some(filling) = room else {
                self.ready.push_front(id);
                if self.around.reads.early {
                    // What is read is worked on while nothing may be read.
                    let work = filling.lock().cut(Stored::EarlyWorkMayBegin);
                    do_early(work);
                }
                if may_read && self.order.stop_wanted() != Some(false) {
                    self.say_full();
                }
                return;
            };
            self.paused.store(false, Ordering::SeqCst);
            if let Some(connection) = self.connections.get_mut(&id) {
                connection.queued = false;
            }
            if self.read(id, filling) {
                self.queue(id);
            }
        }
        self.paused.store(false, Ordering::SeqCst);
    }

    /// Locks `filling`, with `wanted` bytes of room in its slab; nothing at the budget's end.
    fn with_room<'f>(
        &self,
        filling: &'f Mutex<Filling>,
        wanted: usize,
    ) -> Option<MutexGuard<'f, Filling>> {
        loop {
            let mut filled = filling.lock();
            if filled.has_room(wanted) {
                return Some(filled);
            }
            let work = filled.let_go();
            drop(filled);
            do_early(work);
            // What is read next must not be filed under a time that has passed meanwhile.
            self.close_when_due();
            if self.order.stop_wanted() == Some(false) {
                return None;
            }
            let slab = self.take_slab();
            if !filling.lock().go_on_with(slab) {
                return None;
            }
        }
    }

    /// An empty slab, or nothing at the budget's end; this thread is woken then when there is one.
    fn take_slab(&self) -> Option<Slab> {
        let pool = &self.around.pool;
        if self.waits_for_slab.swap(true, Ordering::SeqCst) {
            return pool.take();
        }
        let (waits, wake) = (self.waits_for_slab.clone(), self.wake.clone());
        pool.take_or(Box::new(move || {
            waits.store(false, Ordering::SeqCst);
            wake();
        }))
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

    /// Reads once from connection `id`; says whether there may be more.
    fn read(&mut self, id: usize, mut filling: MutexGuard<'_, Filling>) -> bool {
        let (Some(connection), Some(slab)) = (self.connections.get_mut(&id), filling.slab()) else {
            return false;
        };
        let carried_before = connection.carried();
        let most = self.around.intake.admission.most_to_read(self.around.reads);
        let step = connection.read(slab, most, self.around.policy.limit);
        let carried = connection.carried();
        filling.take_in(id, step.first_offset, &step.framed);
        // While it is locked: bytes are counted as taken in before anybody can be done with them.
        let bytes = step.framed.records.len() as u64;
        self.around.intake.admission.took_in(self.around.reads, bytes);
        // Given to the driver at once where it waits: a receiver that is never out of bytes would
        // have it again first.
        MutexGuard::unlock_fair(filling);
        self.carried_bytes = self.carried_bytes + carried - carried_before;
        if let Some(torn) = step.framed.torn
            && self.torn.is_time()
        {
            self.around.progress.warn(format!(
                "{}: connection {id} ended after {torn}, which are no record; every record must be whole",
                self.name
            ));
        }
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

    /// Drops what `id` has not finished; says whether it could.
    fn give_up_record(&mut self, id: usize) -> bool {
        let Some(connection) = self.connections.get_mut(&id) else { return false };
        let before = connection.carried();
        let Some(framed) = connection.give_up_record() else { return false };
        self.carried_bytes = self.carried_bytes + connection.carried() - before;
        self.filling.lock().take_in(id, 0, &framed);
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
        let work = self.filling.lock().cut(Stored::EarlyWorkMayBegin);
        do_early(work);
    }
}

/// Does what is left to the receiver of a parcel's early work, while it has nothing locked.
fn do_early(work: Option<Work>) {
    if let Some(work) = work {
        work();
    }
}
