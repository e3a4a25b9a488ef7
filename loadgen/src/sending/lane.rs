//! A thread that sends: an event loop over connections of its own.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use mio::{Events, Interest, Poll, Token};

use super::connection::{Connection, Tally};
use super::dealer::{Dealer, Loss, Mail};
use crate::lines::Text;
use crate::schedule::ENDLESS;

/// The token of the waker; a connection's token is its number.
pub(crate) const WAKE: Token = Token(usize::MAX);

/// At high rates the lines of about a millisecond make one write.
const STEP: Duration = Duration::from_millis(1);

/// Without anything to do, a lane looks for the run's end this often.
const IDLE: Duration = Duration::from_millis(50);

/// How long a peer that does not read may hold up the end of the run.
const DRAIN: Duration = Duration::from_secs(2);

/// Lags are kept to three digits, up to an hour.
const LONGEST_LAG_US: u64 = 3_600_000_000;

/// One of a few threads that share out the connections of a run.
pub(crate) struct Lane<'a> {
    number: usize,
    text: &'a Text,
    dealer: &'a Dealer,
    poll: Poll,
    connections: HashMap<u64, Connection>,
    /// Connections that can write, in the order in which they will.
    queue: VecDeque<u64>,
    lag_us: Histogram<u64>,
    scratch: Box<[u8]>,
}

/// What a lane has to say at the end.
pub(crate) struct LaneReport {
    pub(crate) lag_us: Histogram<u64>,
    /// Lines that were due and not sent when the schedule ended.
    pub(crate) behind: u64,
    /// A sentence for each peer that did not read the end of its last line.
    pub(crate) stalled: Vec<String>,
}

impl<'a> Lane<'a> {
    pub(crate) fn new(number: usize, text: &'a Text, dealer: &'a Dealer, poll: Poll) -> Self {
        Self {
            number,
            text,
            dealer,
            poll,
            connections: HashMap::new(),
            queue: VecDeque::new(),
            lag_us: new_histogram_us(),
            scratch: vec![0; 16 << 10].into_boxed_slice(),
        }
    }

    /// Sends until the run ends, then finishes the lines in progress and closes.
    pub(crate) fn run(mut self) -> io::Result<LaneReport> {
        let mut events = Events::with_capacity(1024);
        let mut mail = VecDeque::new();
        let mut behind = None;
        let mut wait = Duration::ZERO;
        loop {
            self.wait(&mut events, wait)?;
            let turn = self.dealer.turn(self.number, &mut mail, Instant::now());
            if let Some(lag) = turn.lag {
                self.lag_us.saturating_record(lag.as_micros().try_into().unwrap_or(u64::MAX));
            }
            for letter in mail.drain(..) {
                self.take(letter)?;
            }
            let sent = self.write_pass();
            if turn.is_schedule_over && behind.is_none() {
                behind = Some(self.owed());
            }
            if turn.is_ended {
                break;
            }
            wait = match turn.next_due_in {
                _ if !self.queue.is_empty() => Duration::ZERO,
                // Perhaps these lines were the last.
                _ if turn.is_schedule_over && sent.lines > 0 => Duration::ZERO,
                Some(next_due_in) => next_due_in.clamp(STEP, IDLE),
                None => IDLE,
            };
        }
        let stalled = self.drain(&mut events)?;
        Ok(LaneReport { lag_us: self.lag_us, behind: behind.unwrap_or(0), stalled })
    }

    fn wait(&mut self, events: &mut Events, at_most: Duration) -> io::Result<()> {
        match self.poll.poll(events, Some(at_most)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            result => result?,
        }
        for event in &*events {
            let id = event.token().0 as u64;
            let Some(connection) = self.connections.get_mut(&id) else { continue };
            if event.is_readable()
                && let Err(error) = connection.discard_input(&mut self.scratch)
            {
                self.lose(id, &error);
                continue;
            }
            if event.is_writable() {
                connection.has_room();
                self.enqueue(id);
            }
        }
        Ok(())
    }

    fn take(&mut self, letter: Mail) -> io::Result<()> {
        match letter {
            Mail::Connection { id, mut connection } => {
                let interest = Interest::READABLE | Interest::WRITABLE;
                let token = Token(id as usize);
                self.poll.registry().register(connection.stream_mut(), token, interest)?;
                self.connections.insert(id, *connection);
            }
            Mail::Lines { id, lines } => match self.connections.get_mut(&id) {
                Some(connection) => {
                    connection.feed.owe(lines);
                    self.enqueue(id);
                }
                None => self.dealer.take_back(lines),
            },
        }
        Ok(())
    }

    fn enqueue(&mut self, id: u64) {
        if let Some(connection) = self.connections.get_mut(&id)
            && connection.can_write()
            && !connection.queued
        {
            connection.queued = true;
            self.queue.push_back(id);
        }
    }

    /// One write for each connection in the queue; those with more to write queue up again.
    fn write_pass(&mut self) -> Tally {
        let mut pass = Tally::default();
        for _ in 0..self.queue.len() {
            let Some(id) = self.queue.pop_front() else { break };
            let Some(connection) = self.connections.get_mut(&id) else { continue };
            connection.queued = false;
            match connection.write(self.text) {
                Ok(sent) => {
                    pass.add(sent);
                    self.enqueue(id);
                }
                Err(error) => self.lose(id, &error),
            }
        }
        if pass.bytes > 0 {
            self.dealer.note_sent(pass, Instant::now());
        }
        pass
    }

    fn lose(&mut self, id: u64, error: &io::Error) {
        let Some(connection) = self.connections.remove(&id) else { return };
        let (peer, lines) = (connection.peer, connection.lines);
        let loss = Loss { sentence: format!("{peer} hung up after {lines} lines ({error})") };
        self.dealer.leave(id, connection.feed.owed(), loss, Instant::now());
    }

    /// Lines due on this lane's connections and not sent, where there is an end of them.
    fn owed(&self) -> u64 {
        let owed = self.connections.values().map(|connection| connection.feed.owed());
        owed.filter(|&owed| owed != ENDLESS).sum()
    }

    /// Ends each connection after the line in progress, and says who did not read it.
    fn drain(&mut self, events: &mut Events) -> io::Result<Vec<String>> {
        let give_up = Instant::now() + DRAIN;
        for connection in self.connections.values_mut() {
            connection.feed.cut(self.text);
        }
        while self.owed() > 0 && Instant::now() < give_up {
            self.write_pass();
            let wait = if self.queue.is_empty() { IDLE } else { Duration::ZERO };
            self.wait(events, wait)?;
        }
        let mut stalled = Vec::new();
        for (_, connection) in self.connections.drain() {
            if connection.feed.owed() > 0 {
                stalled.push(format!(
                    "{} did not read for {} s: its last line is incomplete",
                    connection.peer,
                    DRAIN.as_secs()
                ));
            }
            connection.close();
        }
        Ok(stalled)
    }
}

/// An empty histogram of lags in microseconds.
pub(crate) fn new_histogram_us() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_LAG_US, 3).expect("the bounds are in order")
}
