//! Who sends which line: the schedule's lines dealt to the connections that there are.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Mutex, MutexGuard};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::due::{next_due_in, to_be_sent};
use super::grants::Grant;
use super::outgoing::Tally;
use super::standing::{Standing, Stands};
use crate::schedule::{ENDLESS, ScheduleClock, ScheduleTime, TimetableReader};

/// Deals lines in turns, like cards, so that ten thousand connections at ten thousand lines a
/// second get a line a second each, and not all at the same moment. While connections stay the
/// same, which of them gets a line depends on the line's number alone.
///
/// Shared by the thread that accepts or dials and by the lanes that send. Lines pass through here
/// as numbers only; a lane asks for its share about once a millisecond.
pub(crate) struct Dealer {
    table: Mutex<Table>,
    /// Woken where it has something to do: a connection to replace, or the end of the run.
    conductor: Thread,
}

/// What a lane finds in its mailbox.
pub(crate) enum Mail {
    /// A new connection to look after.
    Connection { id: u64, connection: Box<Connection> },
    /// More lines are due on a connection.
    Lines { id: u64, grant: Grant },
    /// Lines that another connection has left.
    Left { id: u64, grant: Grant },
}

/// How things stand when a lane takes its turn.
pub(crate) struct Turn {
    /// How the schedule's time lies in the world's, while it runs.
    pub(crate) time: Option<ScheduleTime>,
    /// How long until another line is due, if the schedule runs and has one.
    pub(crate) next_due_in: Option<Duration>,
    /// Whether every line that the schedule asks for is due.
    pub(crate) is_schedule_over: bool,
    /// When the schedule is to be judged: lines with lower numbers than this should be sent by now.
    pub(crate) to_be_sent: Option<u64>,
    /// Whether the run has ended: finish the lines in progress and close.
    pub(crate) is_ended: bool,
}

/// Why a connection leaves.
pub(crate) enum Departure {
    /// The other side ended it: the sentence about it.
    HungUp(String),
    /// It has had all the lines that it may have.
    Spent,
}

struct Table {
    lines: TimetableReader,
    warm_up: Duration,
    /// What was sent by the end of the warm-up, and when that was; nothing before.
    warmed_up: Option<(Tally, Duration)>,
    /// How many connections the schedule waits for before it starts.
    wait_for: usize,
    clock: ScheduleClock,
    seats: Vec<Seat>,
    /// The seat that gets the next line.
    turn: usize,
    mail: Vec<VecDeque<Mail>>,
    /// Lines of the schedule that were dealt once.
    dealt: u64,
    /// Lines that were dealt to connections which have left.
    returned: Vec<Grant>,
    sent: Tally,
    joined: u64,
    lost: u64,
    /// Sentences about those that hung up, not yet told.
    losses: Vec<String>,
    /// Connections that have had all their lines, not yet told.
    spent: usize,
    /// Whether another connection is dialled for each of these.
    replaces_spent: bool,
}

/// A connection as the dealer sees it.
struct Seat {
    id: u64,
    lane: usize,
}

impl Dealer {
    /// For the thread that conducts the run to make.
    pub(crate) fn new(
        lines: TimetableReader,
        warm_up: Duration,
        wait_for: usize,
        lanes: usize,
        replaces_spent: bool,
    ) -> Self {
        let table = Table {
            lines,
            warm_up,
            warmed_up: None,
            wait_for,
            clock: ScheduleClock::default(),
            seats: Vec::new(),
            turn: 0,
            mail: (0..lanes).map(|_| VecDeque::new()).collect(),
            dealt: 0,
            returned: Vec::new(),
            sent: Tally::default(),
            joined: 0,
            lost: 0,
            losses: Vec::new(),
            spent: 0,
            replaces_spent,
        };
        Self { table: Mutex::new(table), conductor: thread::current() }
    }

    /// Seats a new connection and gives it to its lane. The last of those waited for starts the
    /// schedule.
    pub(crate) fn join(&self, id: u64, lane: usize, mut connection: Connection, now: Instant) {
        let mut table = self.lock();
        table.seats.push(Seat { id, lane });
        table.joined += 1;
        if table.seats.len() >= table.wait_for || table.clock.is_started() {
            table.clock.run(now);
        }
        connection.outgoing.takes_over(table.clock.elapsed(now));
        table.mail[lane].push_back(Mail::Connection { id, connection: Box::new(connection) });
        if table.lines.due(Duration::ZERO) == ENDLESS {
            table.mail[lane].push_back(Mail::Lines { id, grant: Grant::endless() });
        }
    }

    /// Takes away a connection, and back what it was still owed. With nobody left to send to, the
    /// schedule stands still, unless another is to come in the place of one that is spent.
    pub(crate) fn leave(&self, id: u64, owed: Vec<Grant>, departure: Departure, now: Instant) {
        let mut table = self.lock();
        table.take_back(owed);
        let is_replaced = match departure {
            Departure::HungUp(sentence) => {
                table.losses.push(sentence);
                table.lost += 1;
                false
            }
            Departure::Spent => {
                table.spent += 1;
                self.conductor.unpark();
                table.replaces_spent
            }
        };
        let Some(seat) = table.seats.iter().position(|seat| seat.id == id) else { return };
        table.seats.remove(seat);
        if table.turn > seat {
            table.turn -= 1;
        }
        if table.seats.is_empty() && !is_replaced {
            table.clock.pause(now);
        }
    }

    /// Takes back lines that came too late for their connection.
    pub(crate) fn take_back(&self, grants: impl IntoIterator<Item = Grant>) {
        self.lock().take_back(grants);
    }

    /// A lane's turn: deals what is due and empties the lane's mailbox into `mail`.
    pub(crate) fn turn(&self, lane: usize, mail: &mut VecDeque<Mail>, now: Instant) -> Turn {
        let mut table = self.lock();
        let elapsed = table.clock.elapsed(now);
        table.note_warm_up(elapsed);
        table.deal(elapsed);
        mem::swap(&mut table.mail[lane], mail);
        let is_running = table.clock.is_running(now);
        let is_ended = table.clock.is_ended(now);
        Turn {
            time: table.clock.time(),
            next_due_in: next_due_in(&mut table.lines, elapsed).filter(|_| is_running),
            is_schedule_over: is_ended || table.lines.is_over(elapsed),
            to_be_sent: to_be_sent(&mut table.lines, elapsed, is_ended),
            is_ended,
        }
    }

    /// Notes what a lane sent; the last line that was asked for ends the run.
    pub(crate) fn note_sent(&self, sent: Tally, now: Instant) {
        let mut table = self.lock();
        let elapsed = table.clock.elapsed(now);
        table.note_warm_up(elapsed);
        table.sent.add(sent);
        if table.lines.timetable().records() == Some(table.sent.lines) {
            table.clock.end(now);
            self.conductor.unpark();
        }
    }

    /// Notes that a target is not there any more.
    pub(crate) fn note_gone(&self, sentence: String) {
        let mut table = self.lock();
        table.losses.push(sentence);
        table.lost += 1;
    }

    /// Ends the run at a moment, now or ahead. An earlier end stands.
    pub(crate) fn end_at(&self, moment: Instant) {
        self.lock().clock.end(moment);
    }

    /// The sentences about those who hung up since the last time.
    pub(crate) fn take_losses(&self) -> Vec<String> {
        mem::take(&mut self.lock().losses)
    }

    /// How many connections have had all their lines since the last time and are to be replaced:
    /// none once the run has ended.
    pub(crate) fn take_spent(&self, now: Instant) -> usize {
        let mut table = self.lock();
        let spent = mem::take(&mut table.spent);
        if table.clock.is_ended(now) { 0 } else { spent }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().expect("no thread panics while it holds the dealer's table")
    }
}

impl Stands for Dealer {
    fn standing(&self, now: Instant) -> Standing {
        let mut table = self.lock();
        let elapsed = table.clock.elapsed(now);
        let due = if table.clock.is_started() { table.lines.due(elapsed) } else { 0 };
        let returned: u64 = table.returned.iter().map(|grant| grant.lines).sum();
        table.note_warm_up(elapsed);
        let warm_up = table.warmed_up.unwrap_or((table.sent, elapsed));
        let is_timed = table.lines.timetable().is_timed();
        Standing {
            sent: table.sent,
            acknowledged: None,
            elapsed,
            lag: table.lag(elapsed),
            due,
            warm_up,
            due_in_warm_up: if is_timed { table.lines.due(warm_up.1) } else { 0 },
            undealt: if due == ENDLESS { 0 } else { due.saturating_sub(table.dealt) + returned },
            connections: table.seats.len(),
            connections_in_all: table.joined,
            connections_lost: table.lost,
            spent: table.spent,
            is_ended: table.clock.is_ended(now),
        }
    }
}

impl Table {
    /// The first look after the warm-up parts what was sent in it from what is measured.
    fn note_warm_up(&mut self, elapsed: Duration) {
        if self.warm_up.is_zero() {
            self.warmed_up = Some((Tally::default(), Duration::ZERO));
        } else if self.warmed_up.is_none() && elapsed >= self.warm_up {
            self.warmed_up = Some((self.sent, elapsed));
        }
    }

    fn deal(&mut self, elapsed: Duration) {
        if !self.clock.is_started() || self.seats.is_empty() {
            return;
        }
        let due = self.lines.due(elapsed);
        if due == ENDLESS {
            return; // Each got an endless share when it joined.
        }
        for grant in mem::take(&mut self.returned) {
            self.deal_one(grant, |id, grant| Mail::Left { id, grant });
        }
        let lines = due.saturating_sub(self.dealt);
        let new = Grant { first: self.dealt, stride: 1, lines };
        self.deal_one(new, |id, grant| Mail::Lines { id, grant });
        self.dealt += lines;
    }

    fn deal_one(&mut self, grant: Grant, letter: fn(u64, Grant) -> Mail) {
        let seats = self.seats.len() as u64;
        for nth in 0..grant.lines.min(seats) {
            let Seat { id, lane } = self.seats[(self.turn + nth as usize) % self.seats.len()];
            self.mail[lane].push_back(letter(id, grant.share(nth, seats)));
        }
        self.turn = (self.turn + (grant.lines % seats) as usize) % self.seats.len();
    }

    fn take_back(&mut self, grants: impl IntoIterator<Item = Grant>) {
        self.returned.extend(grants.into_iter().filter(|grant| grant.lines != ENDLESS));
    }

    fn lag(&mut self, elapsed: Duration) -> Option<Duration> {
        let is_timed = self.lines.timetable().is_timed();
        let is_late = is_timed && self.lines.due(elapsed) > self.sent.lines;
        is_late.then(|| elapsed.saturating_sub(self.lines.due_at(self.sent.lines)))
    }
}
