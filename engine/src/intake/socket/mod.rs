//! The socket receiver: one thread, one event loop, any number of connections, all reading into one
//! slab; and, where lines are acknowledged, the conversations with those who send them.

mod coming;
mod reading;
mod stopping;
mod talking;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration as StdDuration, Instant};

use mio::{Events, Poll, Token, Waker};
use parking_lot::Mutex;

use super::acknowledged::{Logged, Senders, Talks};
use super::assignment::Work;
use super::connection::Connection;
use super::endpoint::Endpoint;
use super::entrance::{Denials, Entrance};
use super::filling::Filling;
use super::idle::IdleWatch;
use super::link::{LISTENER, Link};
use super::receiver::{Order, ReceiverThread, Surroundings};
use super::unfinished::Holding;
use crate::block::SourceId;
use crate::error::{Error, Result};
use crate::occasional::Occasional;
use crate::slabs::Taker;

const WAKE: Token = Token(usize::MAX);

/// Starts the receiver of `source` on a thread of its own. Where there are `senders`, their lines, which have
/// come so far, are numbered, and acknowledged once they are logged.
pub(crate) fn start_socket(
    source: SourceId,
    name: String,
    endpoint: Endpoint,
    senders: Option<Senders>,
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
    if let Some(rate) = &surroundings.rate {
        let (wake, paused) = (wake.clone(), paused.clone());
        rate.on_change(Box::new(move || {
            if paused.load(Ordering::Relaxed) {
                wake();
            }
        }));
    }
    let registry = poll.registry().try_clone().map_err(failed)?;
    let (entrance, idle) = (endpoint.entrance(), endpoint.idle_watch());
    let link = Link::new(name.clone(), endpoint, registry, surroundings.progress.clone());
    let link = link.map_err(failed)?;
    let order = Arc::new(Order::default());
    let clock = surroundings.clock.clone();
    let logged = senders.is_some().then(|| Arc::new(Logged::new(wake.clone())));
    let talks = senders.zip(logged.clone()).map(|(senders, logged)| Talks::new(senders, logged));
    let filling = Filling::new(source, &surroundings).telling(logged);
    let filling = Arc::new(Mutex::new(filling));
    let receiver = SocketReceiver {
        filling: filling.clone(),
        name,
        poll,
        order: order.clone(),
        paused,
        held_to_rate: false,
        slabs: surroundings.pool.taker(wake.clone()),
        connections: HashMap::new(),
        ready: VecDeque::new(),
        unfinished: surroundings.unfinished.join(wake.clone()),
        full: Occasional::default(),
        dropped: Occasional::default(),
        torn: Occasional::default(),
        draining: false,
        talks,
        link,
        entrance,
        denials: Denials::default(),
        idle,
        looked_at: Instant::now(),
        around: surroundings,
    };
    let thread = ReceiverThread::spawn(source, &clock, order, wake, move || receiver.run())?;
    Ok(thread.closed_by_the_driver(filling))
}

struct SocketReceiver {
    name: String,
    poll: Poll,
    order: Arc<Order>,
    /// Set while data waits that the receiver may not read; whoever changes that then wakes it.
    paused: Arc<AtomicBool>,
    /// What holds it back is its rate: it may read on when the time has come.
    held_to_rate: bool,
    slabs: Taker,
    filling: Arc<Mutex<Filling>>,
    connections: HashMap<usize, Connection>,
    /// Connections that may have bytes to read, each once, served in turn.
    ready: VecDeque<usize>,
    unfinished: Holding,
    full: Occasional,
    dropped: Occasional,
    torn: Occasional,
    /// Stopping: what has arrived is read, whatever the batches can take; the budget binds, and a maximum rate.
    draining: bool,
    /// What is said on the connections beside lines, where lines are acknowledged.
    talks: Option<Talks>,
    link: Link,
    /// Connections that have something to show still.
    entrance: Entrance,
    denials: Denials,
    idle: Option<IdleWatch>,
    /// When this round began: what is read in it has come by then.
    looked_at: Instant,
    around: Surroundings,
}

impl SocketReceiver {
    fn run(mut self) {
        let mut events = Events::with_capacity(1024);
        loop {
            self.wait(&mut events, self.sleep());
            if let Some(drain) = self.order.stop_wanted() {
                return self.stop(drain);
            }
            self.close_when_due();
            self.drop_unfinished();
            self.looked_at = Instant::now();
            let link_event = self.note(&events);
            self.tend_link(link_event);
            self.close_idle();
            self.read_ready_once();
            self.talk();
        }
    }

    fn wait(&mut self, events: &mut Events, limit: Option<StdDuration>) {
        if let Err(e) = self.poll.poll(events, limit)
            && e.kind() != io::ErrorKind::Interrupted
        {
            self.around.progress.warn(format!("{}: waiting for events failed: {e}", self.name));
        }
    }

    /// Notes what has happened on connections; says whether something has where they come from.
    fn note(&mut self, events: &Events) -> bool {
        let mut link_event = false;
        for event in events {
            match event.token() {
                WAKE => {}
                LISTENER => link_event = true,
                Token(id) if self.connections.contains_key(&id) => {
                    if let Some(connection) = self.connections.get_mut(&id) {
                        connection.may_have_ended = event.is_read_closed() || event.is_error();
                    }
                    self.queue(id);
                    if let (true, Some(talks)) = (event.is_writable(), &mut self.talks) {
                        talks.attend_next(id);
                    }
                }
                Token(id) if self.entrance.stir(id) => {}
                Token(_) => link_event = true,
            }
        }
        link_event
    }

    /// How long to wait for an event.
    fn sleep(&self) -> Option<StdDuration> {
        let may_read = !self.ready.is_empty() && !self.paused.load(Ordering::Relaxed);
        let is_busy = self.talks.as_ref().is_some_and(Talks::is_busy);
        if may_read || is_busy || self.is_waited_at_the_door() {
            return Some(StdDuration::ZERO);
        }
        let others = [
            self.link.due(),
            self.entrance.due(),
            self.idle.as_ref().and_then(IdleWatch::due),
            self.talks.as_ref().and_then(Talks::due),
        ];
        let others = others.into_iter().flatten().min();
        let others = others.map(|at| at.saturating_duration_since(Instant::now()));
        let close = {
            let mut filling = self.filling.lock();
            if self.ready.is_empty() {
                filling.waits_for_slab(false);
            }
            filling.due()
        };
        let close = close.and_then(|due| self.around.clock.remaining(due));
        let rate = self.around.rate.as_ref().filter(|_| self.held_to_rate);
        let rate = rate.and_then(|rate| rate.wait());
        [close, others, rate].into_iter().flatten().min()
    }

    /// Puts a connection in the row of those that wait to be read, once; where it has no lines now, in that of
    /// those that wait to be heard.
    fn queue(&mut self, id: usize) {
        if let Some(connection) = self.connections.get_mut(&id)
            && !std::mem::replace(&mut connection.queued, true)
        {
            match &mut self.talks {
                Some(talks) if !talks.reads_lines(id) => talks.hear_next(id),
                _ => self.ready.push_back(id),
            }
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
}

/// Does what is left to the receiver of a parcel's early work, while it has nothing locked.
fn do_early(work: Option<Work>) {
    if let Some(work) = work {
        work();
    }
}
