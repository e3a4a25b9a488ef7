//! Where lanes and conductor meet: what all senders have come to, and what time it is for them.

use std::mem;
use std::sync::{Mutex, MutexGuard};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use super::news::News;
use super::share::Share;
use crate::schedule::{ENDLESS, ScheduleClock, ScheduleTime, TimetableReader};
use crate::sending::due::{next_due_in, to_be_sent};
use crate::sending::outgoing::Tally;
use crate::sending::standing::{Standing, Stands};

pub(super) struct Meeting {
    table: Mutex<Table>,
    /// Woken when the last sender is done, or the run has failed.
    conductor: Thread,
}

/// How the schedule has started.
#[derive(Clone, Copy)]
pub(super) struct Started {
    /// How its time lies in the world's.
    pub(super) time: ScheduleTime,
    /// Where its time has begun.
    pub(super) begins: Duration,
}

/// How things stand when a lane takes its turn.
pub(super) struct Turn {
    pub(super) started: Option<Started>,
    /// Lines that are due by now: the schedule's first ones. None before it has started.
    pub(super) due: u64,
    /// How long until another line is due, if there is one.
    pub(super) next_due_in: Option<Duration>,
    /// When the schedule is to be judged: lines with lower numbers than this should be sent by now.
    pub(super) to_be_sent: Option<u64>,
    /// Whether no more lines are begun.
    pub(super) is_ended: bool,
    /// Whether nobody waits for acknowledgements any more.
    pub(super) is_given_up: bool,
}

/// What became of the lines, beside what every run tells.
#[derive(Clone, Copy, Default)]
pub(super) struct Figures {
    pub(super) acknowledged: u64,
    pub(super) sent_again: u64,
    pub(super) breaks: u64,
    /// Lines that earlier runs had sent, as far as senders know.
    pub(super) had_before: u64,
}

struct Table {
    lines: TimetableReader,
    clock: ScheduleClock,
    /// Where the schedule's time begins: later than its beginning if others have sent the first lines.
    begins: Duration,
    warm_up: Duration,
    /// What was sent by the end of the warm-up, and when that was in this run; nothing before.
    warmed_up: Option<(Tally, Duration)>,
    /// How late the first line was that was not sent when the schedule was judged, once it has been.
    judged_lag: Option<Option<Duration>>,
    /// For each sender, how many lines the other side had, once it has said so.
    had_before: Vec<Option<u64>>,
    /// For each lane, the first of the schedule's lines that its senders have not sent.
    unsent: Vec<u64>,
    sent: Tally,
    figures: Figures,
    connections: u64,
    connections_in_all: u64,
    done: usize,
    sentences: Vec<String>,
    failure: Option<String>,
    is_given_up: bool,
}

impl Meeting {
    /// For the thread that conducts the run to make.
    pub(super) fn new(
        lines: TimetableReader,
        warm_up: Duration,
        senders: usize,
        lanes: usize,
    ) -> Self {
        let table = Table {
            lines,
            clock: ScheduleClock::default(),
            begins: Duration::ZERO,
            warm_up,
            warmed_up: None,
            judged_lag: None,
            had_before: vec![None; senders],
            unsent: vec![0; lanes],
            sent: Tally::default(),
            figures: Figures::default(),
            connections: 0,
            connections_in_all: 0,
            done: 0,
            sentences: Vec::new(),
            failure: None,
            is_given_up: false,
        };
        Self { table: Mutex::new(table), conductor: thread::current() }
    }

    /// A lane's turn: it brings its news, and the first of the schedule's lines that it has not sent.
    pub(super) fn turn(&self, lane: usize, news: News, unsent: u64, now: Instant) -> Turn {
        let mut table = self.lock();
        let elapsed = table.clock.elapsed(now);
        table.note_warm_up(elapsed);
        table.unsent[lane] = unsent;
        if table.take_in(news, now) {
            self.conductor.unpark();
        }
        let has_started = table.clock.is_started();
        let elapsed = table.clock.elapsed(now);
        let is_ended = table.clock.is_ended(now);
        let is_running = table.clock.is_running(now);
        let to_be_sent = match has_started {
            true => to_be_sent(&mut table.lines, elapsed, is_ended),
            false => None,
        };
        if to_be_sent.is_some() && table.judged_lag.is_none() {
            table.judged_lag = Some(table.lag(elapsed));
        }
        Turn {
            started: table.clock.time().map(|time| Started { time, begins: table.begins }),
            due: if has_started { table.lines.due(elapsed) } else { 0 },
            next_due_in: next_due_in(&mut table.lines, elapsed).filter(|_| is_running),
            to_be_sent,
            is_ended,
            is_given_up: table.is_given_up,
        }
    }

    /// No more lines are begun from a moment on, now or ahead. An earlier end stands.
    pub(super) fn end_at(&self, moment: Instant) {
        self.lock().clock.end(moment);
    }

    /// Nobody waits for acknowledgements any more.
    pub(super) fn give_up(&self) {
        self.lock().is_given_up = true;
        self.conductor.unpark();
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.lock().is_given_up
    }

    pub(super) fn has_started(&self) -> bool {
        self.lock().clock.is_started()
    }

    /// How many senders have been answered, of how many.
    pub(super) fn answered(&self) -> (usize, usize) {
        let table = self.lock();
        (table.had_before.iter().flatten().count(), table.had_before.len())
    }

    pub(super) fn is_done(&self) -> bool {
        let table = self.lock();
        table.done == table.had_before.len()
    }

    pub(super) fn figures(&self) -> Figures {
        self.lock().figures
    }

    /// The sentences since the last time.
    pub(super) fn take_sentences(&self) -> Vec<String> {
        mem::take(&mut self.lock().sentences)
    }

    /// Why the run cannot go on, if it cannot.
    pub(super) fn failure(&self) -> Option<String> {
        self.lock().failure.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().expect("no thread panics while it holds the meeting's table")
    }
}

impl Stands for Meeting {
    fn standing(&self, now: Instant) -> Standing {
        let mut table = self.lock();
        let elapsed = table.clock.elapsed(now);
        table.note_warm_up(elapsed);
        let in_run = elapsed.saturating_sub(table.begins);
        let warm_up = table.warmed_up.unwrap_or((table.sent, in_run));
        let is_timed = table.lines.timetable().is_timed();
        let warm = table.begins + warm_up.1;
        let is_ended = table.clock.is_ended(now);
        // Of a run that is over, what counts is how late it was when it was judged.
        let lag = match table.judged_lag {
            Some(judged_lag) if is_ended => judged_lag,
            _ => table.lag(elapsed),
        };
        Standing {
            sent: table.sent,
            acknowledged: Some(table.figures.acknowledged),
            elapsed: in_run,
            lag,
            due: if table.clock.is_started() { table.due_in_run(elapsed) } else { 0 },
            warm_up,
            due_in_warm_up: if is_timed { table.due_in_run(warm) } else { 0 },
            undealt: 0,
            connections: table.connections as usize,
            connections_in_all: table.connections_in_all,
            connections_lost: table.figures.breaks,
            spent: 0,
            is_ended,
        }
    }
}

impl Table {
    /// Takes in what a lane brings; says whether the conductor is to know at once.
    fn take_in(&mut self, news: News, now: Instant) -> bool {
        self.sent.add(news.sent);
        self.figures.acknowledged += news.acknowledged;
        self.figures.sent_again += news.sent_again;
        self.figures.breaks += news.breaks;
        self.connections = self.connections + news.connected - news.disconnected;
        self.connections_in_all += news.connected;
        self.sentences.extend(news.sentences);
        self.done += news.done;
        let is_answer = !news.answered.is_empty();
        for (sender, next) in news.answered {
            self.had_before[sender] = Some(next);
            self.figures.had_before += next;
        }
        if is_answer && self.had_before.iter().all(Option::is_some) {
            self.start(now);
        }
        let has_failed = news.failure.is_some() && self.failure.is_none();
        if has_failed {
            self.failure = news.failure;
        }
        has_failed || self.done == self.had_before.len()
    }

    /// Starts the schedule where the first line is missing: right behind the moment of the line
    /// before it.
    fn start(&mut self, now: Instant) {
        let records = self.lines.timetable().records().unwrap_or(ENDLESS);
        let missing = self.shares().map(|(share, had)| share.number(had));
        let missing = missing.filter(|&number| number < records).min();
        let before = missing.and_then(|number| number.checked_sub(1));
        let begins = before.map_or(Duration::ZERO, |line| self.lines.due_at(line));
        // A schedule that never comes so far has nothing to go on with.
        self.begins = if begins == Duration::MAX { Duration::ZERO } else { begins };
        self.clock.run_from(self.begins, now);
    }

    /// Every sender's share, and how many of its lines the other side had.
    fn shares(&self) -> impl Iterator<Item = (Share, u64)> {
        let of = self.had_before.len() as u64;
        let share = move |(nth, had): (usize, &Option<u64>)| {
            (Share { nth: nth as u64, of }, had.unwrap_or(0))
        };
        self.had_before.iter().enumerate().map(share)
    }

    /// Lines that are due at a time of the schedule, without those that were there before.
    fn due_in_run(&mut self, elapsed: Duration) -> u64 {
        match self.lines.due(elapsed) {
            ENDLESS => ENDLESS,
            due => {
                let had: u64 = self.shares().map(|(share, had)| had.min(share.of_first(due))).sum();
                due - had
            }
        }
    }

    /// The first look after the warm-up parts what was sent in it from what is measured.
    fn note_warm_up(&mut self, elapsed: Duration) {
        let in_run = elapsed.saturating_sub(self.begins);
        if self.warm_up.is_zero() {
            self.warmed_up = Some((Tally::default(), Duration::ZERO));
        } else if self.warmed_up.is_none() && in_run >= self.warm_up {
            self.warmed_up = Some((self.sent, in_run));
        }
    }

    fn lag(&mut self, elapsed: Duration) -> Option<Duration> {
        let unsent = self.unsent.iter().copied().min().unwrap_or(ENDLESS);
        let is_timed = self.lines.timetable().is_timed();
        let is_late = is_timed && self.clock.is_started() && self.lines.due(elapsed) > unsent;
        is_late.then(|| elapsed.saturating_sub(self.lines.due_at(unsent)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{Schedule, Timetable};

    fn meeting(records: Option<u64>, senders: usize) -> Meeting {
        let timetable = Timetable::new(&Schedule::constant(1e3), records, 1);
        Meeting::new(TimetableReader::new(&timetable), Duration::ZERO, senders, 1)
    }

    fn answered(answered: &[(usize, u64)]) -> News {
        News { answered: answered.to_vec(), ..News::default() }
    }

    #[test]
    fn the_schedule_starts_when_all_are_answered() {
        let (meeting, zero) = (meeting(None, 2), Instant::now());
        let at = |ms| zero + Duration::from_millis(ms);
        assert_eq!(meeting.turn(0, answered(&[(1, 0)]), 0, at(0)).due, 0);
        assert_eq!(meeting.turn(0, News::default(), 0, at(500)).due, 0);
        assert_eq!(meeting.turn(0, answered(&[(0, 0)]), 0, at(500)).due, 0);
        assert_eq!(meeting.turn(0, News::default(), 0, at(510)).due, 10);
        assert_eq!(meeting.standing(at(510)).elapsed, Duration::from_millis(10));
    }

    #[test]
    fn it_starts_where_the_first_line_is_missing() {
        let (meeting, zero) = (meeting(Some(1_000), 2), Instant::now());
        // Of 1000 lines the other side has the first 100 of sender 0, and the first 90 of sender 1:
        // line 181 is the first that is missing, and due a millisecond after line 180.
        let turn = meeting.turn(0, answered(&[(0, 100), (1, 90)]), 181, zero);
        assert_eq!((turn.due, turn.started.unwrap().begins), (181, Duration::from_millis(181)));
        let standing = meeting.standing(zero + Duration::from_millis(100));
        assert_eq!(standing.elapsed, Duration::from_millis(100));
        // By then 281 of the schedule's lines are due, of which it had 190.
        assert_eq!((standing.due, standing.lag.unwrap().as_millis()), (91, 99));
        assert_eq!(meeting.figures().had_before, 190);
    }
}
