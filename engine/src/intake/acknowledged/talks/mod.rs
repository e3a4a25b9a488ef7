//! The conversations of a socket receiver, over its connections: what is no line is heard, answers are
//! written, and what the [`Reception`] wants to become of a connection is done.
//!
//! The receiver reads the lines itself, as it reads those of any connection. It has them numbered here
//! before it takes them in, under the lock of what it fills: so lines and their numbers are cut into the
//! same parcel.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{self, ErrorKind, Read, Write};
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use mio::{Interest, Registry, Token};

use super::reached::Logged;
use super::reception::{ConnectionId, Reads, Reception, Then};
use super::senders::{SenderName, Senders};
use crate::intake::connection::Connection;
use crate::intake::transport::Transport;

/// So much is read at once of what is no line.
const HEARD_BYTES: usize = 4096;

/// The conversations of one receiver.
pub(in crate::intake) struct Talks {
    reception: Reception,
    logged: Arc<Logged>,
    /// Connections that may have something to hear, each once.
    heard_next: VecDeque<ConnectionId>,
    /// Those that had bytes when none were wanted of them.
    left: HashSet<ConnectionId>,
    /// Those that may take an answer, or be over.
    attended_next: Vec<ConnectionId>,
}

/// What is to be done after a round of talking.
#[derive(Default)]
pub(in crate::intake) struct Round {
    /// Connections that may have lines to be read.
    pub(in crate::intake) with_lines: Vec<ConnectionId>,
    /// Connections that are over; those that broke, with the reason.
    pub(in crate::intake) over: Vec<(ConnectionId, Option<String>)>,
    /// Somebody waits until what is open is logged.
    pub(in crate::intake) is_waited_for: bool,
}

impl Talks {
    /// With senders whose lines have come so far.
    pub(in crate::intake) fn new(senders: Senders, logged: Arc<Logged>) -> Self {
        Talks {
            reception: Reception::new(senders),
            logged,
            heard_next: VecDeque::new(),
            left: HashSet::new(),
            attended_next: Vec::new(),
        }
    }

    // ---- what happens ----

    /// A connection has come about. Fails where it is of no use.
    pub(in crate::intake) fn connect(
        &mut self,
        id: ConnectionId,
        transport: &mut Transport,
        registry: &Registry,
    ) -> io::Result<()> {
        let stream = transport.socket();
        // Answers are a few bytes each, and each is waited for.
        stream.set_nodelay(true)?;
        registry.reregister(stream, Token(id), Interest::READABLE | Interest::WRITABLE)?;
        self.reception.connect(id, Instant::now());
        Ok(())
    }

    /// A connection is refused before it has said anything that is listened to.
    pub(in crate::intake) fn refuse(&mut self, id: ConnectionId, reason: &str) {
        self.reception.turn_away(id, reason.into(), Instant::now());
    }

    /// Whether the sender of a connection waits for an answer, or for its lines to be taken in.
    pub(in crate::intake) fn owes(&self, id: ConnectionId) -> bool {
        self.left.contains(&id) || self.reception.owes(id)
    }

    /// Whether what comes on a connection is lines.
    pub(in crate::intake) fn reads_lines(&self, id: ConnectionId) -> bool {
        self.reception.reads(id) == Reads::Lines
    }

    /// A connection may have bytes that are no lines.
    pub(in crate::intake) fn hear_next(&mut self, id: ConnectionId) {
        self.heard_next.push_back(id);
    }

    /// A connection may be written to again.
    pub(in crate::intake) fn attend_next(&mut self, id: ConnectionId) {
        self.attended_next.push(id);
    }

    /// Numbers the lines that end in the bytes that have arrived. Gives whose they are, and their numbers;
    /// nothing where they are not to be taken in.
    pub(in crate::intake) fn take_in(
        &mut self,
        id: ConnectionId,
        arrived: &[u8],
    ) -> Option<(SenderName, Range<u64>)> {
        let newlines = memchr::memchr_iter(b'\n', arrived).count() as u64;
        let (name, first) = self.reception.take_in(id, newlines, Instant::now())?;
        Some((name, first..first + newlines))
    }

    /// The other side of a connection has closed its direction.
    pub(in crate::intake) fn end(&mut self, id: ConnectionId) {
        self.reception.end(id);
        self.attended_next.push(id);
    }

    /// No more is taken in; connections are over once what came on them is acknowledged.
    pub(in crate::intake) fn end_all(&mut self, connections: impl Iterator<Item = ConnectionId>) {
        self.reception.end_all();
        self.attended_next.extend(connections);
    }

    /// A connection is gone.
    pub(in crate::intake) fn lose(&mut self, id: ConnectionId) {
        self.reception.lose(id);
        self.left.remove(&id);
    }

    // ---- when ----

    /// Whether there is something to be heard at once.
    pub(in crate::intake) fn is_busy(&self) -> bool {
        !self.heard_next.is_empty()
    }

    /// When the time must be looked at.
    pub(in crate::intake) fn due(&self) -> Option<Instant> {
        self.reception.due()
    }

    /// Whether all that was taken in is durable.
    pub(in crate::intake) fn all_is_durable(&self) -> bool {
        self.reception.all_is_durable()
    }

    // ---- talking ----

    /// Hears each connection that may have something to say once, and answers whoever is to be answered.
    pub(in crate::intake) fn go_on(
        &mut self,
        connections: &mut HashMap<ConnectionId, Connection>,
    ) -> Round {
        let (mut round, now) = (Round::default(), Instant::now());
        for (name, below) in self.logged.take() {
            self.reception.make_durable(&name, below);
        }
        for _ in 0..self.heard_next.len() {
            let Some(id) = self.heard_next.pop_front() else { break };
            if let Some(connection) = connections.get_mut(&id) {
                connection.queued = false;
                self.hear(id, connection, now, &mut round);
            }
        }
        self.reception.look_at_the_time(now);
        let mut attended = std::mem::take(&mut self.attended_next);
        attended.extend(self.reception.take_untold());
        for id in attended {
            if let Some(connection) = connections.get_mut(&id) {
                self.attend(id, connection, now, &mut round);
            }
        }
        round
    }

    fn hear(
        &mut self,
        id: ConnectionId,
        connection: &mut Connection,
        now: Instant,
        round: &mut Round,
    ) {
        let reads = self.reception.reads(id);
        match reads {
            Reads::Lines => round.with_lines.push(id),
            Reads::Nothing => drop(self.left.insert(id)),
            Reads::Greeting | Reads::Dropped => {
                let mut heard = [0; HEARD_BYTES];
                match read_once(connection.transport(), &mut heard) {
                    Ok(0) => return self.end(id),
                    Ok(n) if reads == Reads::Greeting => {
                        connection.heard_at = now;
                        self.reception.hear(id, &heard[..n], now);
                        round.is_waited_for |= self.reception.reads(id) == Reads::Nothing;
                    }
                    Ok(_) => {}
                    Err(e) if e.kind() != ErrorKind::WouldBlock => {
                        return round.over.push((id, Some(e.to_string())));
                    }
                    Err(_) if connection.transport().has_stopped_short() => {}
                    Err(_) => return,
                }
                connection.queued = true;
                self.heard_next.push_back(id);
            }
        }
    }

    /// Writes what a connection is to be told, as far as it takes it, and does what is to be done then.
    fn attend(
        &mut self,
        id: ConnectionId,
        connection: &mut Connection,
        now: Instant,
        round: &mut Round,
    ) {
        if self.reception.resumes(id) && connection.transport().has_bytes() {
            self.reception.came_too_early(id, now);
        }
        let told = self.tell(id, connection.transport());
        let then = told.and_then(|()| {
            let then = self.reception.then(id, now);
            if then == Then::CloseOwnDirection {
                connection.close_own_direction()?;
            }
            Ok(then)
        });
        match then {
            Ok(Then::GoOn | Then::CloseOwnDirection) => {}
            Ok(Then::Close) => return round.over.push((id, None)),
            Err(e) => return round.over.push((id, Some(e.to_string()))),
        }
        if self.reception.reads(id) != Reads::Nothing
            && self.left.remove(&id)
            && !std::mem::replace(&mut connection.queued, true)
        {
            self.heard_next.push_back(id);
        }
    }

    fn tell(&mut self, id: ConnectionId, stream: &mut Transport) -> io::Result<()> {
        loop {
            let bytes = self.reception.unwritten(id);
            let written =
                if bytes.is_empty() { stream.flush().map(|()| 0) } else { stream.write(bytes) };
            match written {
                Ok(0) => return Ok(()),
                Ok(n) => self.reception.wrote(id, n),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(e) => return Err(e),
            }
        }
    }
}

fn read_once(stream: &mut Transport, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.read(buffer) {
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
