//! The socket receiver: one thread, one event loop, any number of connections, all reading into one
//! slab.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::time::{Duration as StdDuration, Instant};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use nix::sys::socket::Backlog;

use super::backoff::Backoff;
use super::connection::{Connection, Outcome};
use super::parcel::Parcel;
use super::receiver::{Order, Receiver, Surroundings};
use crate::block::{Block, Origin, SourceId};
use crate::error::{Error, Result};
use crate::framing::Framed;
use crate::progress::{LineCounts, Notice};
use crate::slabs::{READ_ROOM_BYTES, Slab};
use crate::text::TextBlock;
use crate::time::Time;

const WAKE: Token = Token(usize::MAX);
const LISTENER: Token = Token(usize::MAX - 1);

/// A dialled connection that is not up by then is given up.
const CONNECT_LIMIT: StdDuration = StdDuration::from_secs(10);

/// How long to wait before accepting again after the process ran out of descriptors.
const ACCEPT_AGAIN: StdDuration = StdDuration::from_millis(100);

/// The most that a kernel holds of a connection's bytes, with room to spare: Linux's default limit
/// is 6 MiB.
const MOST_ARRIVED_BYTES: u64 = 8 << 20;

/// How often a draining receiver looks whether it may read on, beside being woken.
const PAUSE_LOOK: StdDuration = StdDuration::from_millis(10);

/// A full budget is worth a sentence this often.
const FULL_AGAIN: StdDuration = StdDuration::from_secs(60);

/// Where a socket receiver gets its connections from.
pub(crate) enum Endpoint {
    /// It dials `HOST:PORT`, again and again.
    Dial(String),
    /// It accepts connections.
    Listen(TcpListener),
}

impl Endpoint {
    /// Listens on `HOST:PORT`; on loopback where only a `PORT`, or `:PORT`, is given.
    pub(crate) fn listen(address: &str) -> Result<(Self, SocketAddr)> {
        let port_alone = address.strip_prefix(':').unwrap_or(address);
        let address = if port_alone.parse::<u16>().is_ok() {
            format!("127.0.0.1:{port_alone}")
        } else {
            address.into()
        };
        let failed = |e: io::Error| Error::io(format!("cannot listen on {address}"), &e);
        let listener = std::net::TcpListener::bind(&address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        // The standard library asks for a queue of 128; thousands of clients that come at once
        // would be turned away, to try again a second later.
        nix::sys::socket::listen(&listener, Backlog::MAXCONN).map_err(|e| failed(e.into()))?;
        let bound = listener.local_addr().map_err(failed)?;
        Ok((Endpoint::Listen(TcpListener::from_std(listener)), bound))
    }
}

/// Starts the receiver of `source` on a thread of its own.
pub(crate) fn start_socket(
    source: SourceId,
    name: String,
    endpoint: Endpoint,
    surroundings: Surroundings,
) -> Result<Receiver> {
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
        next_connection: 0,
        ready: VecDeque::new(),
        carried_bytes: 0,
        said_full_at: None,
        said_no_more_at: None,
        said_dropped_at: None,
        draining: false,
        link: Link::new(endpoint),
        around: surroundings,
    };
    Receiver::spawn(source, &clock, order, wake, move || receiver.run())
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
    /// The runs of whole lines in the slab that are not cut off yet.
    open: Vec<Run>,
    /// Lines counted since the last cut.
    framing: LineCounts,
    connections: HashMap<usize, Connection>,
    next_connection: usize,
    /// Connections that may have bytes to read, each once, served in turn.
    ready: VecDeque<usize>,
    carried_bytes: usize,
    said_full_at: Option<Instant>,
    said_no_more_at: Option<Instant>,
    said_dropped_at: Option<Instant>,
    /// Stopping: what has arrived is read, whatever the batches can take; only the budget binds.
    draining: bool,
    link: Link,
    around: Surroundings,
}

/// Whole lines of one connection, in a row in the slab.
struct Run {
    connection: usize,
    offset: u64,
    range: Range<usize>,
}

/// The side of a receiver that makes connections.
enum Link {
    Dial { target: String, backoff: Backoff, state: Dialling },
    Listen { listener: TcpListener, registered: bool, accept_again_at: Option<Instant> },
}

enum Dialling {
    /// Not before then.
    At(Instant),
    /// Under way; the other addresses are tried after this one.
    Trying {
        connection: usize,
        stream: TcpStream,
        address: SocketAddr,
        others: Vec<SocketAddr>,
        until: Instant,
    },
    Up,
}

impl Link {
    fn new(endpoint: Endpoint) -> Self {
        match endpoint {
            Endpoint::Dial(target) => Link::Dial {
                target,
                backoff: Backoff::default(),
                state: Dialling::At(Instant::now()),
            },
            Endpoint::Listen(listener) => {
                Link::Listen { listener, registered: false, accept_again_at: Some(Instant::now()) }
            }
        }
    }

    /// When it wants to be looked at without an event.
    fn due(&self) -> Option<Instant> {
        match self {
            Link::Dial { state: Dialling::At(at), .. } => Some(*at),
            Link::Dial { state: Dialling::Trying { until, .. }, .. } => Some(*until),
            Link::Dial { state: Dialling::Up, .. } => None,
            Link::Listen { accept_again_at, .. } => *accept_again_at,
        }
    }
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

    // ---- blocks
    // -------------------------------------------------------------------------------------------------

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
                blocks.push(Arc::new(TextBlock::new(block, self.around.policy)));
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
        if self.said_full_at.is_none_or(|at| at.elapsed() >= FULL_AGAIN) {
            self.said_full_at = Some(Instant::now());
            self.around.progress.warn(format!(
                "{}: received data fills its {} bytes of memory; senders are held back until a batch is done",
                self.name,
                self.around.pool.limit_bytes()
            ));
        }
    }

    // ---- reading
    // ------------------------------------------------------------------------------------------------

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
            self.give_up_line(longest);
        }
        match step.outcome {
            Outcome::More => true,
            Outcome::Drained => false,
            Outcome::Ended { unterminated } => {
                self.framing.unterminated += u64::from(unterminated);
                self.disconnect(id, None);
                false
            }
            Outcome::Broke { unterminated, error } => {
                self.framing.unterminated += u64::from(unterminated);
                self.disconnect(id, Some(error.to_string()));
                false
            }
        }
    }

    fn take_in(&mut self, id: usize, offset: u64, framed: Framed) {
        self.framing.rejected += framed.rejected;
        self.framing.cut += framed.cut;
        let range = framed.lines;
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

    fn give_up_line(&mut self, id: usize) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let before = connection.carried();
        let framed = connection.give_up_line();
        self.carried_bytes = self.carried_bytes + connection.carried() - before;
        self.framing.rejected += framed.rejected;
        if self.said_dropped_at.is_none_or(|at| at.elapsed() >= FULL_AGAIN) {
            self.said_dropped_at = Some(Instant::now());
            self.around.progress.warn(format!(
                "{}: unfinished lines hold more than {} bytes, so the longest, of connection {id}, is dropped",
                self.name, self.around.max_carry_bytes
            ));
        }
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
        if let Link::Dial { backoff, state, .. } = &mut self.link {
            *state = Dialling::At(Instant::now() + backoff.failed());
        }
    }

    fn connect(&mut self, id: usize, mut stream: TcpStream, peer: SocketAddr, registered: bool) {
        let registry = self.poll.registry();
        let done = if registered {
            registry.reregister(&mut stream, Token(id), Interest::READABLE)
        } else {
            registry.register(&mut stream, Token(id), Interest::READABLE)
        };
        match done {
            Ok(()) => {
                let connection = Connection::new(stream, peer);
                let notice = Notice::Connected {
                    source: self.name.clone(),
                    connection: id as u64,
                    peer: connection.peer().to_string(),
                };
                self.connections.insert(id, connection);
                self.queue(id);
                self.around.progress.notice(&notice);
            }
            Err(e) => self
                .around
                .progress
                .warn(format!("{}: a connection with {peer} could not be watched: {e}", self.name)),
        }
    }

    // ---- the link
    // -----------------------------------------------------------------------------------------------

    fn tend_link(&mut self, event: bool) {
        // Taken out while it is tended, because tending it makes connections.
        let idle =
            Link::Dial { target: String::new(), backoff: Backoff::default(), state: Dialling::Up };
        let mut link = std::mem::replace(&mut self.link, idle);
        match &mut link {
            Link::Dial { target, backoff, state } => self.dial(target, backoff, state, event),
            Link::Listen { listener, registered, accept_again_at } => {
                if !*registered {
                    *registered = true;
                    if let Err(e) =
                        self.poll.registry().register(listener, LISTENER, Interest::READABLE)
                    {
                        self.around
                            .progress
                            .warn(format!("{}: the listener could not be watched: {e}", self.name));
                    }
                }
                if event || accept_again_at.is_some_and(|at| Instant::now() >= at) {
                    *accept_again_at = self.accept(listener);
                }
            }
        }
        self.link = link;
    }

    /// Accepts what is waiting; answers when to try again where something stands in the way.
    fn accept(&mut self, listener: &TcpListener) -> Option<Instant> {
        loop {
            if self.connections.len() as u64 >= self.around.max_connections {
                self.say_no_more("Conf::max_connections allows no more");
                return Some(Instant::now() + ACCEPT_AGAIN);
            }
            match listener.accept() {
                Ok((stream, peer)) => {
                    let id = self.new_connection();
                    self.connect(id, stream, peer, false);
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return None,
                Err(e)
                    if e.kind() == io::ErrorKind::Interrupted
                        || e.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(e) => {
                    self.say_no_more(&e.to_string());
                    return Some(Instant::now() + ACCEPT_AGAIN);
                }
            }
        }
    }

    fn say_no_more(&mut self, why: &str) {
        if self.said_no_more_at.is_none_or(|at| at.elapsed() >= FULL_AGAIN) {
            self.said_no_more_at = Some(Instant::now());
            self.around.progress.warn(format!(
                "{}: a connection could not be accepted ({why}); {} connections are open; trying again",
                self.name,
                self.connections.len()
            ));
        }
    }

    fn new_connection(&mut self) -> usize {
        self.next_connection += 1;
        self.next_connection - 1
    }

    fn dial(&mut self, target: &str, backoff: &mut Backoff, state: &mut Dialling, event: bool) {
        let now = Instant::now();
        match std::mem::replace(state, Dialling::Up) {
            Dialling::At(at) if now >= at => match target.to_socket_addrs().map(Vec::from_iter) {
                Ok(addresses) => {
                    self.try_next(target, backoff, state, addresses, "it has no address".into())
                }
                Err(e) => self.dial_failed(target, backoff, state, &e.to_string()),
            },
            Dialling::Trying { connection, mut stream, address, others, until }
                if event || now >= until =>
            {
                let failure = match (stream.take_error(), stream.peer_addr()) {
                    // A port of this machine that nobody listens on may, by chance, be the very one
                    // dialled from.
                    (Ok(None), Ok(peer)) if stream.local_addr().is_ok_and(|own| own == peer) => {
                        "nobody listens there".to_string()
                    }
                    (Ok(None), Ok(_)) => {
                        backoff.succeeded();
                        return self.connect(connection, stream, address, true);
                    }
                    (Ok(Some(e)), _) | (Err(e), _) => e.to_string(),
                    (Ok(None), Err(_)) if now < until => {
                        *state = Dialling::Trying { connection, stream, address, others, until };
                        return;
                    }
                    (Ok(None), Err(_)) => format!("no answer within {} s", CONNECT_LIMIT.as_secs()),
                };
                if let Err(e) = self.poll.registry().deregister(&mut stream) {
                    self.around.progress.warn(format!(
                        "{}: a failed dial could not be deregistered: {e}",
                        self.name
                    ));
                }
                self.try_next(target, backoff, state, others, failure);
            }
            other => *state = other,
        }
    }

    /// Dials the first of `addresses` that lets itself be dialled; `failure` is what to say when
    /// there is none.
    fn try_next(
        &mut self,
        target: &str,
        backoff: &mut Backoff,
        state: &mut Dialling,
        addresses: Vec<SocketAddr>,
        mut failure: String,
    ) {
        let mut addresses = addresses.into_iter();
        while let Some(address) = addresses.next() {
            let connection = self.new_connection();
            let dialled = TcpStream::connect(address).and_then(|mut stream| {
                self.poll.registry().register(
                    &mut stream,
                    Token(connection),
                    Interest::WRITABLE,
                )?;
                Ok(stream)
            });
            match dialled {
                Ok(stream) => {
                    let until = Instant::now() + CONNECT_LIMIT;
                    *state = Dialling::Trying {
                        connection,
                        stream,
                        address,
                        others: addresses.collect(),
                        until,
                    };
                    return;
                }
                Err(e) => failure = e.to_string(),
            }
        }
        self.dial_failed(target, backoff, state, &failure);
    }

    fn dial_failed(
        &mut self,
        target: &str,
        backoff: &mut Backoff,
        state: &mut Dialling,
        failure: &str,
    ) {
        let wait = backoff.failed();
        if backoff.worth_a_word() {
            self.around
                .progress
                .warn(format!("{target} cannot be reached ({failure}); trying again until it can"));
        }
        *state = Dialling::At(Instant::now() + wait);
    }

    // ---- stopping
    // -----------------------------------------------------------------------------------------------

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

    /// Reads what has arrived if `drain`, closes the last blocks and everything else. A line that
    /// its sender had not finished is no record.
    fn stop(mut self, drain: bool) {
        if drain {
            self.tend_link(true);
            self.drain();
        }
        let unfinished =
            self.connections.values().filter(|c| c.has_unfinished_line()).count() as u64;
        if unfinished > 0 {
            let notice = Notice::Unfinished { source: self.name.clone(), connections: unfinished };
            self.around.progress.notice(&notice);
        }
        self.cut();
        self.around.intake.close(self.source, Time::from_millis(i64::MAX));
    }
}
