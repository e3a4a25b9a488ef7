//! The way in for connections: who may connect at all, what they have to show before a byte of
//! theirs counts, and what is told of those that are not let in.
//!
//! A connection that has still to show something is a [`Newcomer`] here and no connection of its receiver yet. It
//! has no part in slabs, batches or numbers, and a moment by which it must be done.

mod denials;
mod gate;
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

/// What became of one.
pub(super) enum Shown {
    /// It has shown what is to be shown.
    Enough(Newcomer),
    /// It has not, and will not: of which kind that is, and why.
    TooLittle(Newcomer, Denial, String),
}

/// Those that have something to show still.
pub(super) struct Entrance {
    wrapping: Wrapping,
    token: Option<Secret>,
    waiting: HashMap<usize, Waiting>,
    /// When each must be done; those that are done are still in it.
    until: VecDeque<(Instant, usize)>,
    /// Those that may have something to show now.
    stirring: Vec<usize>,
}

struct Waiting {
    newcomer: Newcomer,
    line: TokenLine,
}

enum Step {
    Done,
    NotYet,
    Never(Denial, String),
}

impl Entrance {
    pub(super) fn new(wrapping: Wrapping, token: Option<Secret>) -> Self {
        Entrance {
            wrapping,
            token,
            waiting: HashMap::new(),
            until: VecDeque::new(),
            stirring: Vec::new(),
        }
    }

    /// So many are in it.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Takes in a newcomer; gives it back at once where it has nothing to show. Fails where the transport cannot be
    /// made.
    pub(super) fn welcome(&mut self, made: Made) -> io::Result<Option<Newcomer>> {
        let Made { id, stream, peer } = made;
        let newcomer = Newcomer { id, transport: self.wrapping.wrap(stream)?, peer };
        if self.token.is_none() && self.wrapping.is_bare() {
            return Ok(Some(newcomer));
        }
        if self.until.len() > FEW + 2 * self.waiting.len() {
            self.until.retain(|(_, id)| self.waiting.contains_key(id));
        }
        self.waiting.insert(id, Waiting { newcomer, line: TokenLine::default() });
        self.until.push_back((Instant::now() + SHOWS_WITHIN, id));
        self.stirring.push(id);
        Ok(None)
    }

    /// Something has happened on connection `id`. Says whether it is here.
    pub(super) fn stir(&mut self, id: usize) -> bool {
        let is_here = self.waiting.contains_key(&id);
        if is_here {
            self.stirring.push(id);
        }
        is_here
    }

    /// When one of them must be done.
    pub(super) fn due(&self) -> Option<Instant> {
        self.until.front().map(|&(until, _)| until)
    }

    /// Looks at what those that stir have to show, and at the time. Gives those that are done.
    pub(super) fn look(&mut self) -> Vec<Shown> {
        let mut done = Vec::new();
        for id in std::mem::take(&mut self.stirring) {
            let Some(waiting) = self.waiting.get_mut(&id) else { continue };
            let step = waiting.step(self.token.as_ref());
            match step {
                Step::NotYet => {}
                Step::Done => done.extend(self.take(id).map(Shown::Enough)),
                Step::Never(denial, why) => {
                    let newcomer = self.take(id);
                    done.extend(newcomer.map(|newcomer| Shown::TooLittle(newcomer, denial, why)));
                }
            }
        }
        while let Some(&(until, id)) = self.until.front()
            && (until <= Instant::now() || !self.waiting.contains_key(&id))
        {
            self.until.pop_front();
            let why = || format!("nothing came of it within {} s", SHOWS_WITHIN.as_secs());
            let late = |newcomer| Shown::TooLittle(newcomer, Denial::NothingShown, why());
            done.extend(self.take(id).map(late));
        }
        done
    }

    fn take(&mut self, id: usize) -> Option<Newcomer> {
        self.waiting.remove(&id).map(|waiting| waiting.newcomer)
    }
}

impl Waiting {
    /// Goes on as far as it can at once.
    fn step(&mut self, token: Option<&Secret>) -> Step {
        match self.newcomer.transport.shake_hands() {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::WouldBlock => return Step::NotYet,
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
                    Judged::Unfinished => {}
                },
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Step::NotYet,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(_) => return never(Denial::NothingShown),
            }
        }
    }
}
