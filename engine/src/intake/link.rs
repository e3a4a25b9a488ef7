//! The side of a socket receiver that makes connections: it dials one, again and again, or accepts
//! as many as come.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};

use super::descriptors::Places;
use super::endpoint::{Endpoint, Listening};
use super::entrance::{Denials, Gate, Made};
use super::keep_alive::ask_after;
use crate::backoff::Backoff;
use crate::occasional::Occasional;
use crate::progress::Progress;

/// The token of the listener; connections have their own numbers.
pub(super) const LISTENER: Token = Token(usize::MAX - 1);

/// A handshake may have to wait for room; who only reads hears once that there is some.
const INTEREST: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// A dialled connection that is not up by then is given up.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// How long to wait before accepting again when there is no descriptor, or no room.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// So many connections are accepted in a row. A flood of those that are denied must not keep the receiver from
/// reading the others.
const MOST_ACCEPTED_IN_A_ROW: usize = 1024;

/// How many connections of a receiver there are, and how many that have something to show still, or are told why
/// they are denied. Those that have shown enough and wait are both.
#[derive(Clone, Copy)]
pub(super) struct Open {
    pub(super) connections: usize,
    pub(super) newcomers: usize,
}

impl Open {
    /// Why no more can come than these and so many others that are new.
    fn lacks(self, places: Places, others: usize) -> Option<&'static str> {
        let is_shown = places.newcomers > 0;
        let connections = self.connections + if is_shown { 0 } else { others };
        if connections as u64 >= places.connections {
            return Some("Conf::max_connections allows no more");
        }
        let is_full = is_shown && (self.newcomers + others) as u64 >= places.newcomers;
        is_full.then_some("as many as may have something to show still")
    }
}

/// Makes a receiver's connections, and numbers them.
pub(super) struct Link {
    name: String,
    progress: Arc<Progress>,
    registry: Registry,
    next_id: usize,
    side: Side,
}

enum Side {
    Dial {
        target: String,
        backoff: Backoff,
        state: Dialling,
    },
    Listen {
        listener: TcpListener,
        places: Places,
        gate: Gate,
        /// When to look without an event: what came while there was no place caused its event then.
        again_at: Option<Instant>,
        /// It is places that lack.
        lacks_places: bool,
        no_more: Occasional,
    },
}

enum Dialling {
    /// Not before then.
    At(Instant),
    /// Under way; the other addresses are tried after this one.
    Trying {
        id: usize,
        stream: TcpStream,
        address: SocketAddr,
        others: Vec<SocketAddr>,
        until: Instant,
    },
    Up,
}

impl Link {
    pub(super) fn new(
        name: String,
        endpoint: Endpoint,
        registry: Registry,
        progress: Arc<Progress>,
    ) -> io::Result<Self> {
        let side = match endpoint {
            Endpoint::Dial(target, _) => Side::Dial {
                target,
                backoff: Backoff::default(),
                state: Dialling::At(Instant::now()),
            },
            Endpoint::Listen(listening) => {
                let Listening { mut listener, places, gate, .. } = *listening;
                registry.register(&mut listener, LISTENER, Interest::READABLE)?;
                let no_more = Occasional::default();
                let (again_at, lacks_places) = (None, false);
                Side::Listen { listener, places, gate, again_at, lacks_places, no_more }
            }
        };
        Ok(Link { name, progress, registry, next_id: 0, side })
    }

    /// When it wants to be tended without an event.
    pub(super) fn due(&self) -> Option<Instant> {
        match &self.side {
            Side::Dial { state: Dialling::At(at), .. } => Some(*at),
            Side::Dial { state: Dialling::Trying { until, .. }, .. } => Some(*until),
            Side::Dial { state: Dialling::Up, .. } => None,
            Side::Listen { again_at, .. } => *again_at,
        }
    }

    /// Goes on after an event of its own, or because it is due. Gives the connections that are new; `open` says how
    /// many there are. Those that may not come in are closed, and counted.
    pub(super) fn tend(&mut self, event: bool, open: Open, denials: &mut Denials) -> Vec<Made> {
        let due = self.due().is_some_and(|at| Instant::now() >= at);
        match &self.side {
            _ if !event && !due => Vec::new(),
            Side::Dial { .. } => self.dial().into_iter().collect(),
            Side::Listen { .. } => self.accept(open, denials),
        }
    }

    /// How many connections there may be.
    pub(super) fn most_connections(&self) -> u64 {
        match &self.side {
            Side::Dial { .. } => u64::MAX,
            Side::Listen { places, .. } => places.connections,
        }
    }

    /// There are places: who waits for one is accepted at once.
    pub(super) fn has_places(&mut self) {
        if let Side::Listen { again_at, lacks_places, .. } = &mut self.side
            && std::mem::take(lacks_places)
        {
            *again_at = Some(Instant::now());
        }
    }

    /// A connection is one that lines can come over.
    pub(super) fn has_come_about(&mut self) {
        let Side::Dial { target, backoff, .. } = &mut self.side else { return };
        if backoff.succeeded() {
            self.progress.warn(format!("{target} is reached again"));
        }
    }

    /// Connection `id` was made, and has not become one that lines can come over: says whether it is to be counted as
    /// one that was denied. One that was dialled has failed.
    pub(super) fn came_to_nothing(&mut self, id: usize, why: &str) -> bool {
        match &mut self.side {
            Side::Dial { .. } => {
                self.failed(why);
                false
            }
            Side::Listen { gate, .. } => {
                gate.leave(id);
                true
            }
        }
    }

    /// Connection `id` has ended: a dialled one is dialled again.
    pub(super) fn lost(&mut self, id: usize) {
        match &mut self.side {
            Side::Dial { backoff, state, .. } => {
                *state = Dialling::At(Instant::now() + backoff.failed());
            }
            Side::Listen { gate, .. } => gate.leave(id),
        }
    }

    fn warn(&self, sentence: &str) {
        self.progress.warn(format!("{}: {sentence}", self.name));
    }

    // ---- accepting ----

    /// Accepts what waits, as far as there are places.
    fn accept(&mut self, open: Open, denials: &mut Denials) -> Vec<Made> {
        let mut made = Vec::new();
        let Side::Listen { listener, places, gate, again_at, lacks_places, no_more } =
            &mut self.side
        else {
            return made;
        };
        (*again_at, *lacks_places) = (None, false);
        let mut accepted = 0;
        let refused = loop {
            if let Some(reason) = open.lacks(*places, made.len()) {
                *lacks_places = true;
                break reason.to_string();
            }
            if accepted == MOST_ACCEPTED_IN_A_ROW {
                *again_at = Some(Instant::now());
                return made;
            }
            accepted += 1;
            match listener.accept() {
                Ok((mut stream, peer)) => {
                    let id = self.next_id;
                    self.next_id += 1;
                    if let Err(denial) = gate.admit(id, peer.ip()) {
                        denials.count(denial, peer.ip());
                        continue;
                    }
                    let interest = INTEREST;
                    let registered = self.registry.register(&mut stream, Token(id), interest);
                    match registered.and_then(|()| ask_after(&stream)) {
                        Ok(()) => made.push(Made { id, stream, peer }),
                        Err(e) => {
                            gate.leave(id);
                            break e.to_string();
                        }
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return made,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(e) => break e.to_string(),
            }
        };
        *again_at = Some(Instant::now() + ACCEPT_AGAIN);
        if no_more.is_time() {
            self.warn(&format!(
                "a connection could not be accepted ({refused}); {} connections are open; trying again",
                open.connections + open.newcomers + made.len()
            ));
        }
        made
    }

    // ---- dialling ----

    fn dial(&mut self) -> Option<Made> {
        let Side::Dial { target, state, .. } = &mut self.side else { return None };
        match std::mem::replace(state, Dialling::Up) {
            Dialling::Up => None,
            Dialling::At(at) if Instant::now() < at => {
                *state = Dialling::At(at);
                None
            }
            Dialling::At(_) => {
                match target.to_socket_addrs() {
                    Ok(addresses) => self.try_next(addresses.collect(), "it has no address"),
                    Err(e) => self.failed(&e.to_string()),
                }
                None
            }
            Dialling::Trying { id, mut stream, address, others, until } => {
                let failure = match outcome_of(&stream) {
                    Ok(true) => {
                        let interest = INTEREST;
                        let registered = self.registry.reregister(&mut stream, Token(id), interest);
                        match registered.and_then(|()| ask_after(&stream)) {
                            Ok(()) => {
                                return Some(Made { id, stream, peer: address });
                            }
                            Err(e) => e.to_string(),
                        }
                    }
                    Ok(false) if Instant::now() < until => {
                        *state = Dialling::Trying { id, stream, address, others, until };
                        return None;
                    }
                    Ok(false) => format!("no answer within {} s", CONNECT_LIMIT.as_secs()),
                    Err(e) => e.to_string(),
                };
                if let Err(e) = self.registry.deregister(&mut stream) {
                    self.warn(&format!("a failed dial could not be deregistered: {e}"));
                }
                self.try_next(others, &failure);
                None
            }
        }
    }

    /// Dials the first of `addresses` that lets itself be dialled; `failure` is what to say when
    /// there is none.
    fn try_next(&mut self, addresses: Vec<SocketAddr>, failure: &str) {
        let mut failure = failure.to_string();
        let mut addresses = addresses.into_iter();
        while let Some(address) = addresses.next() {
            let id = self.next_id;
            self.next_id += 1;
            let dialled = TcpStream::connect(address).and_then(|mut stream| {
                self.registry.register(&mut stream, Token(id), Interest::WRITABLE)?;
                Ok(stream)
            });
            match dialled {
                Ok(stream) => {
                    let (others, until) = (addresses.collect(), Instant::now() + CONNECT_LIMIT);
                    if let Side::Dial { state, .. } = &mut self.side {
                        *state = Dialling::Trying { id, stream, address, others, until };
                    }
                    return;
                }
                Err(e) => failure = e.to_string(),
            }
        }
        self.failed(&failure);
    }

    fn failed(&mut self, failure: &str) {
        let Side::Dial { target, backoff, state } = &mut self.side else { return };
        *state = Dialling::At(Instant::now() + backoff.failed());
        if backoff.worth_a_word() {
            self.progress
                .warn(format!("{target} cannot be reached ({failure}); trying again until it can"));
        }
    }
}

/// Whether a dialled connection is up, or not yet.
fn outcome_of(stream: &TcpStream) -> io::Result<bool> {
    if let Some(e) = stream.take_error()? {
        return Err(e);
    }
    match stream.peer_addr() {
        // A port of this machine that nobody listens on may, by chance, be the one dialled from.
        Ok(peer) if stream.local_addr()? == peer => Err(io::ErrorKind::ConnectionRefused.into()),
        Ok(_) => Ok(true),
        Err(_) => Ok(false),
    }
}
