//! A thread that sends: an event loop over connections of its own.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::io;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use super::connection::{Connection, Stage};
use super::dealer::{Dealer, Departure, Mail};
use super::farewell::{Farewell, closed_too_early};
use super::grants::Grant;
use super::lateness::Lateness;
use super::looked::Looked;
use super::outgoing::Tally;
use super::times::Times;
use crate::error::{Error, Result};
use crate::lines::Source;
use crate::schedule::{ENDLESS, ScheduleTime, TimetableReader};
use crate::stamp::EndMark;

/// The token of the waker; a connection's token is its number.
pub(crate) const WAKE: Token = Token(usize::MAX);

/// At high rates the lines of about a millisecond make one write.
const STEP: Duration = Duration::from_millis(1);

/// Without anything to do, a lane looks for the run's end this often.
const IDLE: Duration = Duration::from_millis(50);

/// How long a peer that does not read may hold up the end of the run.
const DRAIN: Duration = Duration::from_secs(2);

/// One of a few threads that share out the connections of a run.
pub(crate) struct Lane<'a> {
    number: usize,
    source: &'a Source,
    dealer: &'a Dealer,
    lateness: Lateness<'a>,
    lines: TimetableReader,
    farewell: Farewell,
    poll: Poll,
    connections: HashMap<u64, Connection>,
    /// Connections that can write, in the order in which they will.
    queue: VecDeque<u64>,
    /// When connections that are silent on request go on.
    silences: BinaryHeap<Reverse<(Instant, u64)>>,
    /// The schedule's clock; while it stands still, as it was before.
    time: ScheduleTime,
    /// The last look at what sockets have room.
    looked: Looked,
    done: Vec<Grant>,
    /// What was sent and the dealer does not know of yet.
    unnoted: Tally,
    scratch: Box<[u8]>,
    report: LaneReport,
}

/// What a lane has to say at the end.
#[derive(Default)]
pub(crate) struct LaneReport {
    /// Lines that were due and not sent when the schedule ended.
    pub(crate) behind: u64,
    /// A sentence for each peer that did not read the end of its last line.
    pub(crate) stalled: Vec<String>,
    /// Why connections were closed that were to be reset.
    pub(crate) not_reset: Vec<io::Error>,
    /// What each connection was sent, if lines are stamped.
    pub(crate) sent: Vec<EndMark>,
}

impl<'a> Lane<'a> {
    pub(crate) fn new(
        number: usize,
        source: &'a Source,
        dealer: &'a Dealer,
        lateness: Lateness<'a>,
        lines: TimetableReader,
        farewell: Farewell,
        poll: Poll,
    ) -> Self {
        Self {
            number,
            source,
            dealer,
            lateness,
            lines,
            farewell,
            poll,
            connections: HashMap::new(),
            queue: VecDeque::new(),
            silences: BinaryHeap::new(),
            time: ScheduleTime::starting_at(Instant::now()),
            looked: Looked { last: Instant::now() },
            done: Vec::new(),
            unnoted: Tally::default(),
            scratch: vec![0; 16 << 10].into_boxed_slice(),
            report: LaneReport::default(),
        }
    }

    /// Sends until the run ends, then finishes the lines in progress and closes. Fails if lines cannot
    /// be had, or the system does not let it wait.
    pub(crate) fn run(mut self) -> Result<LaneReport> {
        let mut events = Events::with_capacity(1024);
        let mut mail = VecDeque::new();
        let mut is_judged = false;
        let mut wait = Duration::ZERO;
        loop {
            self.wait(&mut events, wait)?;
            let turn = self.dealer.turn(self.number, &mut mail, Instant::now());
            self.time = turn.time.unwrap_or(self.time);
            for letter in mail.drain(..) {
                self.take(letter)?;
            }
            self.end_silences();
            let sent = self.write_pass()?;
            if let Some(to_be_sent) = turn.to_be_sent.filter(|_| !is_judged) {
                is_judged = true;
                self.note_behind(to_be_sent);
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
        self.drain(&mut events)?;
        Ok(self.report)
    }

    fn wait(&mut self, events: &mut Events, at_most: Duration) -> Result<()> {
        let at_most = match self.silences.peek() {
            Some(Reverse((ends, _))) => at_most.min(ends.saturating_duration_since(Instant::now())),
            None => at_most,
        };
        let begun = Instant::now();
        match self.poll.poll(events, Some(at_most)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            result => result.map_err(Error::system("wait for a socket"))?,
        }
        let now = Instant::now();
        let room_since = self.time.elapsed(self.looked.room_since(begun, at_most, now));
        self.looked = Looked { last: now };
        for event in &*events {
            let id = event.token().0 as u64;
            let Some(connection) = self.connections.get_mut(&id) else { continue };
            if event.is_readable() {
                match connection.discard_input(&mut self.scratch) {
                    Ok(true) if connection.stage() == Stage::HalfClosed => {
                        self.connections.remove(&id);
                        continue;
                    }
                    Ok(true) if self.farewell.must_be_returned => {
                        self.lose(id, &closed_too_early());
                        continue;
                    }
                    Ok(_) => {}
                    Err(error) => {
                        self.lose(id, &error);
                        continue;
                    }
                }
            }
            if event.is_writable()
                && let Some(connection) = self.connections.get_mut(&id)
            {
                connection.outgoing.has_room(room_since);
                let was_held_up = connection.stage() == Stage::Ending && connection.flush();
                self.enqueue(id);
                if was_held_up {
                    self.go_on(id);
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, letter: Mail) -> Result<()> {
        match letter {
            Mail::Connection { id, mut connection } => {
                let interest = Interest::READABLE | Interest::WRITABLE;
                let token = Token(id as usize);
                let registered =
                    self.poll.registry().register(connection.stream_mut(), token, interest);
                registered.map_err(Error::system("wait for a socket"))?;
                self.connections.insert(id, *connection);
            }
            Mail::Left { id, grant } => {
                let since = self.time.elapsed(Instant::now());
                self.connections
                    .get_mut(&id)
                    .into_iter()
                    .for_each(|c| c.outgoing.takes_over(since));
                self.owe(id, grant);
            }
            Mail::Lines { id, grant } => self.owe(id, grant),
        }
        Ok(())
    }

    fn owe(&mut self, id: u64, grant: Grant) {
        match self.connections.get_mut(&id) {
            Some(connection) if connection.stage() == Stage::Open => {
                connection.outgoing.feed.owe(grant);
                self.enqueue(id);
            }
            _ => self.dealer.take_back([grant]),
        }
    }

    fn enqueue(&mut self, id: u64) {
        if let Some(connection) = self.connections.get_mut(&id)
            && connection.outgoing.can_write()
            && !connection.queued
        {
            connection.queued = true;
            self.queue.push_back(id);
        }
    }

    fn end_silences(&mut self) {
        let now = Instant::now();
        while let Some(&Reverse((ends, id))) = self.silences.peek()
            && ends <= now
        {
            self.silences.pop();
            if let Some(connection) = self.connections.get_mut(&id) {
                connection.outgoing.end_silence();
                self.enqueue(id);
            }
        }
    }

    /// One write for each connection in the queue; those with more to write queue up again.
    fn write_pass(&mut self) -> Result<Tally> {
        let mut pass = Tally::default();
        for _ in 0..self.queue.len() {
            let Some(id) = self.queue.pop_front() else { break };
            let Some(connection) = self.connections.get_mut(&id) else { continue };
            connection.queued = false;
            let mut times = Times::new(&mut self.lines, self.time);
            match connection.write(self.source, &mut times, &mut self.done)? {
                Ok(sent) => {
                    pass.add(sent);
                    self.unnoted.add(sent);
                    let elapsed = self.time.elapsed(Instant::now());
                    self.lateness.note(&self.done, elapsed, connection.outgoing.room());
                    self.done.clear();
                    if let Some(ends) = connection.outgoing.silent_until() {
                        self.silences.push(Reverse((ends, id)));
                    }
                    self.go_on(id);
                }
                Err(error) => self.lose(id, &error),
            }
        }
        note_sent(self.dealer, &mut self.unnoted);
        Ok(pass)
    }

    /// After a write: more of the same, or the connection's end.
    fn go_on(&mut self, id: u64) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if connection.stage() == Stage::Open && connection.outgoing.feed.is_spent() {
            let returned = connection.begin_end();
            // First what was sent: after the last line of all, nothing comes in its place.
            note_sent(self.dealer, &mut self.unnoted);
            self.dealer.leave(id, returned, Departure::Spent, Instant::now());
        }
        if connection.stage() == Stage::Ending && !connection.outgoing.feed.has_more() {
            // What is still on its way through TLS closes it when it is through.
            if connection.flush() {
                self.close(id);
            }
        } else {
            self.enqueue(id);
        }
    }

    fn close(&mut self, id: u64) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        if self.farewell.must_be_returned {
            // Its end may have come with no event yet, and looks like an answer to this one's then.
            match connection.discard_input(&mut self.scratch) {
                Ok(false) => {}
                Ok(true) => return self.lose(id, &closed_too_early()),
                Err(error) => return self.lose(id, &error),
            }
        }
        self.report.sent.extend(connection.outgoing.feed.sent());
        if let Err(error) = connection.end(self.farewell.end) {
            self.report.not_reset.push(error);
        }
        if connection.stage() != Stage::HalfClosed {
            self.connections.remove(&id);
        }
    }

    fn lose(&mut self, id: u64, error: &io::Error) {
        let Some(mut connection) = self.connections.remove(&id) else { return };
        let was_sent_all = connection.stage() == Stage::HalfClosed;
        if was_sent_all && !self.farewell.is_missed(error) {
            return; // It has had all, and ends as it likes.
        }
        if !was_sent_all {
            self.report.sent.extend(connection.outgoing.feed.sent());
        }
        let (peer, lines) = (connection.peer, connection.lines);
        let guess = self.farewell.guess();
        let sentence = format!("{peer} hung up after {lines} lines ({error}){guess}");
        let owed = connection.outgoing.feed.give_back();
        self.dealer.leave(id, owed, Departure::HungUp(sentence), Instant::now());
    }

    fn note_behind(&mut self, to_be_sent: u64) {
        // Those that are silent on request do as they are told.
        for connection in self.connections.values().filter(|c| c.outgoing.silent_until().is_none())
        {
            let owed = connection.outgoing.feed.owed_before(to_be_sent);
            self.report.behind += if owed == ENDLESS { 0 } else { owed };
        }
    }

    /// Ends each connection after the line in progress, and says who did not read it.
    fn drain(&mut self, events: &mut Events) -> Result<()> {
        let now = Instant::now();
        // A connection of the last moment is to be told that it has had nothing.
        let mut mail = VecDeque::new();
        self.dealer.turn(self.number, &mut mail, now);
        mail.into_iter().try_for_each(|letter| self.take(letter))?;
        let (elapsed, give_up) = (self.time.elapsed(now), now + DRAIN);
        let ids: Vec<u64> = self.connections.keys().copied().collect();
        for id in ids {
            if let Some(connection) = self.connections.get_mut(&id)
                && connection.stage() == Stage::Open
            {
                // Lines that are not sent are late, at least by as much as now: left out, they would
                // make a reader that does not read look like a quick one.
                let unsent = connection.begin_end();
                self.lateness.note(&unsent, elapsed, connection.outgoing.room());
                self.go_on(id);
            }
        }
        while !self.connections.is_empty() && Instant::now() < give_up {
            self.write_pass()?;
            let wait = if self.queue.is_empty() { IDLE } else { Duration::ZERO };
            self.wait(events, wait)?;
        }
        for connection in self.connections.values().filter(|c| c.stage() == Stage::Ending) {
            self.report.sent.extend(connection.outgoing.feed.sent());
            self.report.stalled.push(format!(
                "{} did not read for {} s: its last line is incomplete",
                connection.peer,
                DRAIN.as_secs()
            ));
        }
        Ok(())
    }
}

fn note_sent(dealer: &Dealer, unnoted: &mut Tally) {
    let sent = std::mem::take(unnoted);
    if sent.bytes > 0 {
        dealer.note_sent(sent, Instant::now());
    }
}
