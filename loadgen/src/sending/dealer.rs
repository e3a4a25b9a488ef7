//! Who sends which line: the schedule's lines dealt to the connections that there are.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::connection::{Connection, Tally};
use crate::schedule::ScheduleClock;
use crate::schedule::{ENDLESS, Schedule};

/// Deals lines in turns, like cards, so that ten thousand connections at ten thousand lines a
/// second get a line a second each, and not all at the same moment.
///
/// Shared by the thread that accepts or dials and by the lanes that send. Lines pass through here
/// as numbers only; a lane asks for its share about once a millisecond.
pub(crate) struct Dealer {
    table: Mutex<Table>,
}

/// What a lane finds in its mailbox.
pub(crate) enum Mail {
    /// A new connection to look after.
    Connection { id: u64, connection: Box<Connection> },
    /// So many more lines are due on a connection.
    Lines { id: u64, lines: u64 },
}

/// How things stand when a lane takes its turn.
pub(crate) struct Turn {
    /// By how much the oldest line that is due and not sent is late; nothing if there is none.
    pub(crate) lag: Option<Duration>,
    /// How long until another line is due, if the schedule runs and has one.
    pub(crate) next_due_in: Option<Duration>,
    /// Whether every line that the schedule asks for is due.
    pub(crate) is_schedule_over: bool,
    /// Whether the run has ended: finish the lines in progress and close.
    pub(crate) is_ended: bool,
}

/// A connection that the other side ended.
pub(crate) struct Loss {
    /// The sentence about it.
    pub(crate) sentence: String,
}

/// The figures of a run, at a moment.
pub(crate) struct Standing {
    pub(crate) sent: Tally,
    /// Time on the schedule's clock.
    pub(crate) elapsed: Duration,
    pub(crate) lag: Option<Duration>,
    /// Lines due so far; [`ENDLESS`] if there is no end of them.
    pub(crate) due: u64,
    /// Lines due for which there was no connection.
    pub(crate) undealt: u64,
    pub(crate) connections: usize,
    pub(crate) connections_in_all: u64,
    pub(crate) is_ended: bool,
}

struct Table {
    schedule: Schedule,
    /// How many connections the schedule waits for before it starts.
    wait_for: usize,
    clock: ScheduleClock,
    seats: Vec<Seat>,
    /// The seat that gets the next line.
    turn: usize,
    mail: Vec<VecDeque<Mail>>,
    dealt: u64,
    sent: Tally,
    joined: u64,
    losses: Vec<Loss>,
}

/// A connection as the dealer sees it.
struct Seat {
    id: u64,
    lane: usize,
}

impl Dealer {
    pub(crate) fn new(schedule: Schedule, wait_for: usize, lanes: usize) -> Self {
        let table = Table {
            schedule,
            wait_for,
            clock: ScheduleClock::default(),
            seats: Vec::new(),
            turn: 0,
            mail: (0..lanes).map(|_| VecDeque::new()).collect(),
            dealt: 0,
            sent: Tally::default(),
            joined: 0,
            losses: Vec::new(),
        };
        Self { table: Mutex::new(table) }
    }

    /// Seats a new connection and gives it to its lane. The last of those waited for starts the
    /// schedule.
    pub(crate) fn join(&self, id: u64, lane: usize, connection: Connection, now: Instant) {
        let mut table = self.lock();
        table.mail[lane].push_back(Mail::Connection { id, connection: Box::new(connection) });
        table.seats.push(Seat { id, lane });
        table.joined += 1;
        if table.seats.len() >= table.wait_for || table.clock.is_started() {
            table.clock.run(now);
        }
        if table.schedule.due(Duration::ZERO) == ENDLESS {
            table.mail[lane].push_back(Mail::Lines { id, lines: ENDLESS });
        }
    }

    /// Takes away a connection that the other side ended, and back what it was still owed. With
    /// nobody left to send to, the schedule stands still.
    pub(crate) fn leave(&self, id: u64, owed: u64, loss: Loss, now: Instant) {
        let mut table = self.lock();
        table.take_back(owed);
        table.losses.push(loss);
        let Some(seat) = table.seats.iter().position(|seat| seat.id == id) else { return };
        table.seats.remove(seat);
        if table.turn > seat {
            table.turn -= 1;
        }
        if table.seats.is_empty() {
            table.clock.pause(now);
        }
    }

    /// Takes back lines that came too late for their connection.
    pub(crate) fn take_back(&self, lines: u64) {
        self.lock().take_back(lines);
    }

    /// A lane's turn: deals what is due and empties the lane's mailbox into `mail`.
    pub(crate) fn turn(&self, lane: usize, mail: &mut VecDeque<Mail>, now: Instant) -> Turn {
        let mut table = self.lock();
        let elapsed = table.clock.elapsed(now);
        table.deal(elapsed);
        mem::swap(&mut table.mail[lane], mail);
        Turn {
            lag: table.lag(elapsed),
            next_due_in: table.next_due_in(elapsed).filter(|_| table.clock.is_running(now)),
            is_schedule_over: table.clock.is_ended(now) || table.schedule.is_over(elapsed),
            is_ended: table.clock.is_ended(now),
        }
    }

    /// Notes what a lane sent; the last line that was asked for ends the run.
    pub(crate) fn note_sent(&self, sent: Tally, now: Instant) {
        let mut table = self.lock();
        table.sent.add(sent);
        if table.schedule.records == Some(table.sent.lines) {
            table.clock.end(now);
        }
    }

    /// Ends the run at a moment, now or ahead. An earlier end stands.
    pub(crate) fn end_at(&self, moment: Instant) {
        self.lock().clock.end(moment);
    }

    pub(crate) fn take_losses(&self) -> Vec<Loss> {
        mem::take(&mut self.lock().losses)
    }

    pub(crate) fn standing(&self, now: Instant) -> Standing {
        let table = self.lock();
        let elapsed = table.clock.elapsed(now);
        let due = if table.clock.is_started() { table.schedule.due(elapsed) } else { 0 };
        Standing {
            sent: table.sent,
            elapsed,
            lag: table.lag(elapsed),
            due,
            undealt: if due == ENDLESS { 0 } else { due.saturating_sub(table.dealt) },
            connections: table.seats.len(),
            connections_in_all: table.joined,
            is_ended: table.clock.is_ended(now),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().expect("no thread panics while it holds the dealer's table")
    }
}

impl Table {
    fn deal(&mut self, elapsed: Duration) {
        if !self.clock.is_started() || self.seats.is_empty() {
            return;
        }
        let due = self.schedule.due(elapsed);
        if due == ENDLESS {
            return; // Each got an endless share when it joined.
        }
        let lines = due.saturating_sub(self.dealt);
        self.dealt += lines;
        let seats = self.seats.len();
        let (each, extra) = (lines / seats as u64, (lines % seats as u64) as usize);
        for nth in 0..if each > 0 { seats } else { extra } {
            let Seat { id, lane } = self.seats[(self.turn + nth) % seats];
            let lines = each + u64::from(nth < extra);
            self.mail[lane].push_back(Mail::Lines { id, lines });
        }
        self.turn = (self.turn + extra) % seats;
    }

    fn take_back(&mut self, lines: u64) {
        if lines != ENDLESS {
            self.dealt -= lines;
        }
    }

    fn lag(&self, elapsed: Duration) -> Option<Duration> {
        self.schedule.rate.lines_per_s()?;
        let is_late = self.schedule.due(elapsed) > self.sent.lines;
        is_late.then(|| elapsed.saturating_sub(self.schedule.due_at(self.sent.lines)))
    }

    fn next_due_in(&self, elapsed: Duration) -> Option<Duration> {
        self.schedule.rate.lines_per_s()?;
        let due = self.schedule.due(elapsed);
        let has_more = self.schedule.records.is_none_or(|records| due < records);
        has_more.then(|| self.schedule.due_at(due).saturating_sub(elapsed))
    }
}
