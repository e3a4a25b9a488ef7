//! The way in for connections: who may connect at all, what they have to show before a byte of
//! theirs counts, and what is told of those that are not let in.
//!
//! A connection that has still to show something is a [`Newcomer`] here and no connection of its receiver yet. It
//! has no part in slabs, batches or numbers, and a moment by which it must be done. There are places for so many of
//! them, beside those for connections: who has nothing to show takes none of these from who has. Where all are
//! taken, those that came first and have shown nothing give way.

mod denials;
mod gate;
#[cfg(all(test, feature = "tls-tests"))]
mod tests;
mod token;

use std::collections::{HashMap, VecDeque};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;

pub(super) use self::denials::{Denial, Denials};
pub(super) use self::gate::Gate;
use self::token::{Judged, MOST_LINE_BYTES, TokenLine};
use super::transport::{Transport, Wrapping};
use crate::secret::Secret;

/// What is to be shown first must be shown so soon after the connection.
const SHOWS_WITHIN: Duration = Duration::from_secs(10);

/// So long nobody has to give way: a handshake takes its time, and so does a token that is sent by itself.
const STAYS_FOR: Duration = Duration::from_millis(250);

/// Of the places, one in so many is made free at once, at most.
const GIVES_WAY_SHARE: usize = 4;

/// Whoever has sent so much and shown nothing is sent away. A handshake and a token are far less, and what TLS makes
/// of them too.
const SHOWS_WITHIN_BYTES: u64 = 128 << 10;

/// So long those that have something to show are looked at before connections have their turn again.
const LOOKS_FOR: Duration = Duration::from_millis(2);

/// So few entries of those that are done are not worth clearing away.
const FEW: usize = 1024;

/// A socket that is connected, and registered for events under its number.
pub(super) struct Made {
    pub(super) id: usize,
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
}

/// A connection that has come about.
pub(super) struct Newcomer {
    pub(super) id: usize,
    pub(super) transport: Transport,
    pub(super) peer: SocketAddr,
}

/// One that has not shown what is to be shown, and will not: of which kind that is, and why.
pub(super) struct Denied {
    pub(super) newcomer: Newcomer,
    pub(super) denial: Denial,
    pub(super) why: String,
}

/// Those that have something to show still, and those that have shown it and find no place yet.
pub(super) struct Entrance {
    wrapping: Wrapping,
    token: Option<Secret>,
    /// How many places there are.
    places: usize,
    waiting: HashMap<usize, Waiting>,
    /// When each came; those that are done are still in it.
    came: VecDeque<(Instant, usize)>,
    /// Those that may have something to show now, each once.
    stirring: VecDeque<usize>,
    /// Those that have shown enough, in this order.
    shown: VecDeque<Newcomer>,
    /// Connections that are told why they are denied, which takes its time. They have a place here until then.
    turned_away: usize,
}

struct Waiting {
    newcomer: Newcomer,
    line: TokenLine,
    stirs: bool,
}

enum Step {
    Done,
    NotYet,
    /// There may be more to look at, but others have their turn first.
    GoOn,
    Never(Denial, String),
}

impl Entrance {
    pub(super) fn new(wrapping: Wrapping, token: Option<Secret>, places: usize) -> Self {
        Entrance {
            wrapping,
            token,
            places,
            waiting: HashMap::new(),
            came: VecDeque::new(),
            stirring: VecDeque::new(),
            shown: VecDeque::new(),
            turned_away: 0,
        }
    }

    /// So many places are taken.
    pub(super) fn taken(&self) -> usize {
        self.waiting.len() + self.shown.len() + self.turned_away
    }

    /// So many have shown enough, and wait.
    pub(super) fn shown(&self) -> usize {
        self.shown.len()
    }

    /// So many are told why they are denied.
    pub(super) fn turned_away(&self) -> usize {
        self.turned_away
    }

    /// Whether all places are taken.
    pub(super) fn is_full(&self) -> bool {
        self.taken() >= self.places
    }

    /// Takes in a newcomer; gives it back at once where it has nothing to show. Fails where the transport cannot be
    /// made.
    pub(super) fn welcome(&mut self, made: Made) -> io::Result<Option<Newcomer>> {
        let Made { id, stream, peer } = made;
        let newcomer = Newcomer { id, transport: self.wrapping.wrap(stream)?, peer };
        if self.token.is_none() && self.wrapping.is_bare() {
            return Ok(Some(newcomer));
        }
        if self.came.len() > FEW + 2 * self.waiting.len() {
            self.came.retain(|(_, id)| self.waiting.contains_key(id));
        }
        self.waiting.insert(id, Waiting { newcomer, line: TokenLine::default(), stirs: false });
        self.came.push_back((Instant::now(), id));
        self.stir(id);
        Ok(None)
    }

    /// Something has happened on connection `id`. Says whether it is here, with something to show.
    pub(super) fn stir(&mut self, id: usize) -> bool {
        let Some(waiting) = self.waiting.get_mut(&id) else { return false };
        if !std::mem::replace(&mut waiting.stirs, true) {
            self.stirring.push_back(id);
        }
        true
    }

    /// Any of them may have something to show, whatever has been told of them.
    pub(super) fn stir_all(&mut self) {
        for id in Vec::from_iter(self.waiting.keys().copied()) {
            self.stir(id);
        }
    }

    /// When one of them must be done, has to give way, or has its turn: a moment that has passed, where that is now.
    pub(super) fn due(&self) -> Option<Instant> {
        let &(came, _) = self.came.front()?;
        if !self.stirring.is_empty() {
            return Some(came);
        }
        Some(came + if self.is_full() { STAYS_FOR } else { SHOWS_WITHIN })
    }

    /// Looks at what those that stir have to show, as far as it gets in the time for it, and at the time. Gives those
    /// that are not let in.
    pub(super) fn look(&mut self) -> Vec<Denied> {
        let mut denied = Vec::new();
        let until = Instant::now() + LOOKS_FOR;
        for _ in 0..self.stirring.len() {
            let Some(id) = self.stirring.pop_front() else { break };
            let Some(waiting) = self.waiting.get_mut(&id) else { continue };
            waiting.stirs = false;
            let step = waiting.step(self.token.as_ref());
            match step {
                Step::NotYet => {}
                Step::GoOn => {
                    self.stir(id);
                }
                Step::Done => {
                    let newcomer = self.take(id);
                    self.shown.extend(newcomer);
                }
                Step::Never(denial, why) => {
                    let newcomer = self.take(id);
                    denied.extend(newcomer.map(|newcomer| Denied { newcomer, denial, why }));
                }
            }
            if Instant::now() >= until {
                break;
            }
        }
        let now = Instant::now();
        let why = || format!("nothing came of it within {} s", SHOWS_WITHIN.as_secs());
        self.send_away(usize::MAX, SHOWS_WITHIN, Denial::NothingShown, why, now, &mut denied);
        if self.is_full() {
            let some = (self.places / GIVES_WAY_SHARE).max(1);
            let why = || "others came, and it had shown nothing yet".to_owned();
            self.send_away(some, STAYS_FOR, Denial::GaveWay, why, now, &mut denied);
        }
        denied
    }

    /// Sends away those that have been here for so long and have shown nothing, the first first.
    fn send_away(
        &mut self,
        most: usize,
        after: Duration,
        denial: Denial,
        why: impl Fn() -> String,
        now: Instant,
        denied: &mut Vec<Denied>,
    ) {
        let mut left = most;
        while let Some(&(came, id)) = self.came.front() {
            let is_here = self.waiting.contains_key(&id);
            if is_here && (left == 0 || now < came + after) {
                return;
            }
            self.came.pop_front();
            if let Some(newcomer) = self.take(id) {
                denied.push(Denied { newcomer, denial, why: why() });
                left -= 1;
            }
        }
    }

    /// The next that has shown enough; it is gone from here.
    pub(super) fn next_shown(&mut self) -> Option<Newcomer> {
        self.shown.pop_front()
    }

    /// Whether one more may keep its place here until it is told why it is denied. Half of the places are not for
    /// those.
    pub(super) fn may_turn_away(&self) -> bool {
        self.turned_away < self.places.div_ceil(2)
    }

    /// One keeps its place.
    pub(super) fn turns_away(&mut self) {
        self.turned_away += 1;
    }

    /// One that kept its place is gone.
    pub(super) fn has_turned_away(&mut self) {
        self.turned_away -= 1;
    }

    fn take(&mut self, id: usize) -> Option<Newcomer> {
        self.waiting.remove(&id).map(|waiting| waiting.newcomer)
    }
}

impl Waiting {
    /// Goes on as far as it can in one turn.
    fn step(&mut self, token: Option<&Secret>) -> Step {
        match self.newcomer.transport.shake_hands() {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                return self.not_yet(Denial::NoHandshake);
            }
            Err(e) => return Step::Never(Denial::NoHandshake, e.to_string()),
        }
        let Some(secret) = token else { return Step::Done };
        let never = |denial: Denial| Step::Never(denial, denial.told().into());
        let mut bytes = [0; MOST_LINE_BYTES];
        loop {
            match self.newcomer.transport.read_line(&mut bytes) {
                Ok(0) => return never(Denial::NothingShown),
                Ok(n) => match self.line.hear(&bytes[..n], secret) {
                    Judged::Right => return Step::Done,
                    Judged::Wrong => return never(Denial::WrongToken),
                    Judged::Unfinished if self.has_sent_too_much() => {
                        return never(Denial::WrongToken);
                    }
                    Judged::Unfinished => {}
                },
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    return self.not_yet(Denial::WrongToken);
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(_) => return never(Denial::NothingShown),
            }
        }
    }

    /// It has not shown enough, for lack of bytes or because its turn is over.
    fn not_yet(&self, denial: Denial) -> Step {
        match self.newcomer.transport.has_stopped_short() {
            _ if self.has_sent_too_much() => {
                let why = format!("it had sent {SHOWS_WITHIN_BYTES} bytes, and shown nothing");
                Step::Never(denial, why)
            }
            true => Step::GoOn,
            false => Step::NotYet,
        }
    }

    fn has_sent_too_much(&self) -> bool {
        self.newcomer.transport.unsealed_bytes() > SHOWS_WITHIN_BYTES
    }
}
