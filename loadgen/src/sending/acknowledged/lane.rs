//! A thread that looks after some of the senders: an event loop.

use std::io;
use std::mem;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};

use super::link::Around;
use super::meeting::{Meeting, Turn};
use super::news::News;
use super::sender::Sender;
use crate::error::{Error, Result};
use crate::schedule::{ENDLESS, ScheduleTime, TimetableReader};
use crate::sending::lane::LaneReport;
use crate::sending::lateness::Lateness;
use crate::sending::looked::Looked;
use crate::sending::times::Times;
use crate::sending::transport::Wrapping;

/// The token of the waker; a sender's token is its place in its lane.
pub(super) const WAKE: Token = Token(usize::MAX);

/// At high rates the lines of about a millisecond make one write.
const STEP: Duration = Duration::from_millis(1);

/// Without anything to do, a lane looks this often.
const IDLE: Duration = Duration::from_millis(50);

/// One of a few threads that share out the senders of a run.
pub(super) struct Lane<'a> {
    number: usize,
    meeting: &'a Meeting,
    senders: Vec<Sender<'a>>,
    lateness: Lateness<'a>,
    lines: TimetableReader,
    wrapping: &'a Wrapping,
    poll: Poll,
    clock: Clock,
    /// The last look at what sockets have room.
    looked: Looked,
    news: News,
    scratch: Box<[u8]>,
    report: LaneReport,
}

/// The schedule's; before that has started, one that says something and stands still.
#[derive(Clone, Copy)]
struct Clock {
    time: ScheduleTime,
    has_started: bool,
}

impl Clock {
    fn elapsed(&self, now: Instant) -> Duration {
        if self.has_started { self.time.elapsed(now) } else { Duration::ZERO }
    }
}

/// What is not acknowledged at the end of the run.
#[derive(Default)]
pub(super) struct Unacknowledged {
    pub(super) lines: u64,
    pub(super) sentences: Vec<String>,
}

impl<'a> Lane<'a> {
    pub(super) fn new(
        number: usize,
        meeting: &'a Meeting,
        senders: Vec<Sender<'a>>,
        lateness: Lateness<'a>,
        lines: TimetableReader,
        wrapping: &'a Wrapping,
        poll: Poll,
    ) -> Self {
        Self {
            number,
            meeting,
            senders,
            lateness,
            lines,
            wrapping,
            poll,
            clock: Clock { time: ScheduleTime::starting_at(Instant::now()), has_started: false },
            looked: Looked { last: Instant::now() },
            news: News::default(),
            scratch: vec![0; 16 << 10].into_boxed_slice(),
            report: LaneReport::default(),
        }
    }

    /// Returns when all is acknowledged, or nobody waits for that any more. Fails if lines cannot be had,
    /// or the system does not let it wait.
    pub(super) fn run(mut self) -> Result<(LaneReport, Unacknowledged)> {
        let mut events = Events::with_capacity(1024);
        let (mut is_judged, mut is_ended) = (false, false);
        let mut wait = Duration::ZERO;
        loop {
            self.wait(&mut events, wait)?;
            let now = Instant::now();
            self.tend(now);
            let turn = self.turn(now);
            if turn.is_ended && !is_ended {
                is_ended = true;
                self.end(turn.due, now);
            }
            self.senders.iter_mut().for_each(|sender| sender.owe(turn.due));
            self.write_pass()?;
            if let Some(to_be_sent) = turn.to_be_sent.filter(|_| !is_judged) {
                is_judged = true;
                self.note_behind(to_be_sent);
            }
            if turn.is_given_up || self.senders.iter().all(Sender::is_done) {
                self.turn(Instant::now());
                return Ok(self.finish());
            }
            wait = self.next_wait(&turn);
        }
    }

    /// Brings what is new, and hears how things stand.
    fn turn(&mut self, now: Instant) -> Turn {
        let unsent = self.senders.iter().map(Sender::first_unsent).min().unwrap_or(ENDLESS);
        let turn = self.meeting.turn(self.number, mem::take(&mut self.news), unsent, now);
        if let Some(started) = turn.started
            && !self.clock.has_started
        {
            self.clock = Clock { time: started.time, has_started: true };
            self.lateness.begin_at(started.begins);
        }
        turn
    }

    fn next_wait(&self, turn: &Turn) -> Duration {
        if self.senders.iter().any(Sender::can_write) {
            return Duration::ZERO;
        }
        let until_due = turn.next_due_in.map_or(IDLE, |due_in| due_in.clamp(STEP, IDLE));
        let tended = self.senders.iter().filter_map(Sender::due).min();
        let until_tended = tended.map(|at| at.saturating_duration_since(Instant::now()));
        until_tended.map_or(until_due, |until_tended| until_tended.min(until_due))
    }

    fn wait(&mut self, events: &mut Events, at_most: Duration) -> Result<()> {
        let begun = Instant::now();
        match self.poll.poll(events, Some(at_most)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            result => result.map_err(Error::system("wait for a socket"))?,
        }
        let now = Instant::now();
        let room_since = self.clock.elapsed(self.looked.room_since(begun, at_most, now));
        self.looked = Looked { last: now };
        for event in events.iter().filter(|event| event.token() != WAKE) {
            let nth = event.token().0;
            self.with(nth, now, |sender, around| sender.look(event, room_since, around))?;
        }
        Ok(())
    }

    fn tend(&mut self, now: Instant) {
        for nth in 0..self.senders.len() {
            self.with(nth, now, |sender, around| sender.tend(around));
        }
    }

    /// One write for each sender that has something to write and room for it.
    fn write_pass(&mut self) -> Result<()> {
        let Self { senders, wrapping, poll, lines, clock, scratch, news, .. } = self;
        for (nth, sender) in senders.iter_mut().enumerate().filter(|(_, s)| s.can_write()) {
            let now = Instant::now();
            let (token, elapsed) = (Token(nth), clock.elapsed(now));
            let registry = poll.registry();
            let mut around = Around { registry, wrapping, token, now, elapsed, scratch, news };
            let sent = sender.write(&mut Times::new(lines, clock.time), &mut around)?;
            self.lateness.note(&[sent], clock.elapsed(Instant::now()), sender.room());
        }
        Ok(())
    }

    /// Nobody begins another line. Those that are due and will not be sent are late, at least by as much
    /// as now: left out, they would make a reader that does not read look like a quick one.
    fn end(&mut self, due: u64, now: Instant) {
        for nth in 0..self.senders.len() {
            let unsent = self.with(nth, now, |sender, around| sender.end(due, around));
            let (elapsed, room) = (self.clock.elapsed(now), self.senders[nth].room());
            self.lateness.note(unsent.as_slice(), elapsed, room);
        }
    }

    fn note_behind(&mut self, to_be_sent: u64) {
        if to_be_sent == ENDLESS {
            return;
        }
        // Those that are silent on request do as they are told.
        let senders = self.senders.iter().filter(|sender| !sender.is_silent());
        self.report.behind += senders.map(|s| s.unsent_of_first(to_be_sent)).sum::<u64>();
    }

    fn with<T>(
        &mut self,
        nth: usize,
        now: Instant,
        work: impl FnOnce(&mut Sender<'a>, &mut Around<'_>) -> T,
    ) -> T {
        let elapsed = self.clock.elapsed(now);
        let mut around = Around {
            registry: self.poll.registry(),
            wrapping: self.wrapping,
            token: Token(nth),
            now,
            elapsed,
            scratch: &mut self.scratch,
            news: &mut self.news,
        };
        work(&mut self.senders[nth], &mut around)
    }

    fn finish(mut self) -> (LaneReport, Unacknowledged) {
        let mut unacknowledged = Unacknowledged::default();
        for sender in &self.senders {
            self.report.sent.extend(sender.sent());
            if let Some((lines, sentence)) = sender.unacknowledged() {
                unacknowledged.lines += lines;
                unacknowledged.sentences.push(sentence);
            }
        }
        (self.report, unacknowledged)
    }
}
