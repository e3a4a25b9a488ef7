//! A run whose lines are acknowledged, from the first connection to its summary.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use mio::{Poll, Waker};

use super::dialling::Dialling;
use super::lane::{Lane, Unacknowledged, WAKE};
use super::link::Link;
use super::meeting::Meeting;
use super::sender::{Lines, Sender};
use super::share::Share;
use crate::error::{Error, Result};
use crate::label::Label;
use crate::lines::Source;
use crate::load::Load;
use crate::progress::Event;
use crate::schedule::{ENDLESS, Timetable, TimetableReader};
use crate::sender_name::SenderName;
use crate::sending::conducted::{Conducted, wall_step_sentence};
use crate::sending::feed::Feed;
use crate::sending::found::Found;
use crate::sending::lane::LaneReport;
use crate::sending::lanes;
use crate::sending::lateness::{Gauge, Lateness};
use crate::sending::mischief::Mischief;
use crate::sending::outgoing::Outgoing;
use crate::sending::peers;
use crate::sending::standing::Stands;
use crate::sending::ticker::Ticker;
use crate::sending::transport::Wrapping;
use crate::stop::Stop;
use crate::summary::{Acknowledged, Summary};
use crate::time;
use crate::token::Token;
use crate::wall_watch::WallWatch;

/// How long a pulled switch or the end of the run may go unnoticed.
const LOOK: Duration = Duration::from_millis(20);

/// Acknowledgements that take longer at the end are worth a sentence.
const WARN: Duration = Duration::from_secs(1);

/// More sentences than these at once are told as a number.
const SENTENCES_TOLD: usize = 3;

/// Sends the load's lines under this name until all are acknowledged, the time for that is up, or the
/// other side says something that it must not say.
pub(in crate::sending) fn run(
    targets: &[String],
    name: &SenderName,
    source: &Source,
    timetable: &Arc<Timetable>,
    load: &Load,
    stop: &Stop,
    mut on_event: impl FnMut(Event<'_>),
) -> Result<Summary> {
    let wrapping = &Wrapping::new(load, targets)?;
    let begun = Instant::now();
    let lines = TimetableReader::new(timetable);
    let meeting = Meeting::new(lines.clone(), load.warm_up, load.connections, load.lanes());
    let gauges: Vec<Gauge> = (0..load.lanes()).map(|_| Gauge::default()).collect();
    let mut lane_senders: Vec<Vec<Sender<'_>>> = gauges.iter().map(|_| Vec::new()).collect();
    let addresses = targets.iter().map(|target| peers::resolve(target));
    let addresses: Vec<_> = addresses.collect::<Result<_>>()?;
    for nth in 0..load.connections {
        let target = nth % targets.len();
        let dialling = Dialling::new(targets[target].clone(), addresses[target].clone());
        let sender = sender(nth, name, source, timetable, load, dialling, begun);
        lane_senders[nth % gauges.len()].push(sender);
    }
    let (mut lanes, mut wakers) = (Vec::new(), Vec::new());
    for (number, (gauge, senders)) in gauges.iter().zip(lane_senders).enumerate() {
        let poll = Poll::new().map_err(Error::system("create an event queue"))?;
        let waker = Waker::new(poll.registry(), WAKE);
        wakers.push(waker.map_err(Error::system("create a waker"))?);
        let lateness = Lateness::new(gauge, lines.clone(), load.warm_up);
        lanes.push(Lane::new(number, &meeting, senders, lateness, lines.clone(), wrapping, poll));
    }
    let mut ticker = Ticker::new(&meeting, &gauges, load.warm_up);
    let conductor = Conductor { meeting: &meeting, load, stop, wakers: &wakers, begun };

    let lanes = lanes.into_iter().map(|lane| move || lane.run());
    let conduct = || conductor.run(&mut ticker, &mut on_event);
    // However a thread of the run ends, the others end too, unless it has done its work.
    let (conducted, reports) = lanes::run(lanes, conduct, |is_whole| {
        if !is_whole {
            meeting.end_at(Instant::now());
            meeting.give_up();
        }
    })?;
    let (reports, left): (Vec<LaneReport>, Vec<Unacknowledged>) = reports.into_iter().unzip();
    tell(&meeting.take_sentences(), &mut on_event);
    let sentences: Vec<String> = left.iter().flat_map(|left| left.sentences.clone()).collect();
    tell(&sentences, &mut on_event);
    let latency = ticker.end(&mut on_event);
    let standing = meeting.standing(Instant::now());
    let figures = meeting.figures();
    let acknowledged = Acknowledged {
        sender: name.to_string(),
        records: figures.acknowledged,
        not_acknowledged: left.iter().map(|left| left.lines).sum(),
        sent_again: figures.sent_again,
        breaks: figures.breaks,
        had_before: figures.had_before,
    };
    let found = Found { standing, latency, conducted, reports };
    Ok(Summary { acknowledged: Some(acknowledged), ..found.summary(load, stop) })
}

fn sender<'a>(
    nth: usize,
    name: &SenderName,
    source: &'a Source,
    timetable: &Timetable,
    load: &Load,
    dialling: Dialling,
    now: Instant,
) -> Sender<'a> {
    let number = load.first_source.wrapping_add(nth as u64);
    let share = Share { nth: nth as u64, of: load.connections as u64 };
    let lines = Lines {
        share,
        count: timetable.records().map(|records| share.of_first(records)),
        has_mark: load.label == Label::Stamp,
        most_per_connection: load.faults.lines_per_connection.unwrap_or(ENDLESS),
        end: load.faults.end,
    };
    let feed = Feed::repeatable(source, load.label, number);
    let mischief = Mischief::new(&load.faults, load.data.seed, number, now);
    let (name, patience) = (name.of_connection(number), load.patience);
    let token_line = load.token.as_ref().map(Token::line).unwrap_or_default();
    let link = Link::new(name, token_line, dialling, load.send_buffer_bytes, patience, now);
    Sender::new(source, lines, Outgoing::new(feed, mischief), link)
}

/// The thread that is not a lane: it watches the time and tells.
struct Conductor<'a> {
    meeting: &'a Meeting,
    load: &'a Load,
    stop: &'a Stop,
    /// One for each lane.
    wakers: &'a [Waker],
    begun: Instant,
}

impl Conductor<'_> {
    /// Returns when all is acknowledged, or nobody waits for that any more.
    fn run(
        self,
        ticker: &mut Ticker<'_>,
        on_event: &mut impl FnMut(Event<'_>),
    ) -> Result<Conducted> {
        let meeting = self.meeting;
        let ends = self.load.run_for.and_then(|run_for| self.begun.checked_add(run_for));
        let (mut waits_since, mut has_warned) = (None, false);
        let mut wall = WallWatch::new();
        let mut conducted = Conducted::default();
        loop {
            tell(&meeting.take_sentences(), on_event);
            if let Some(step_ms) = wall.step_ms() {
                on_event(Event::Note(&wall_step_sentence(step_ms)));
                conducted.wall_step_ms = Some(conducted.wall_step_ms.unwrap_or(0) + step_ms);
            }
            ticker.tick(on_event);

            let now = Instant::now();
            if meeting.is_done() || meeting.is_given_up() {
                break;
            }
            let is_over = ends.is_some_and(|ends| ends <= now);
            let has_failed = meeting.failure().is_some();
            if waits_since.is_none() && (is_over || has_failed || self.stop.is_stopped()) {
                meeting.end_at(now);
                self.wake_lanes()?;
                waits_since = Some(now);
            }
            let waits = waits_since.map_or(Duration::ZERO, |since| now.duration_since(since));
            if waits_since.is_some() && waits >= self.load.patience {
                meeting.give_up();
                self.wake_lanes()?;
                break;
            }
            if waits >= WARN && !has_warned {
                has_warned = true;
                self.say_what_is_waited_for(now, on_event);
            }
            thread::park_timeout(LOOK);
        }
        meeting.end_at(Instant::now());
        conducted.given_up = meeting.failure().or_else(|| self.never_started());
        Ok(conducted)
    }

    fn say_what_is_waited_for(&self, now: Instant, on_event: &mut impl FnMut(Event<'_>)) {
        let standing = self.meeting.standing(now);
        let open = standing.sent.lines - standing.acknowledged.unwrap_or(0);
        let patience = time::written(self.load.patience);
        on_event(Event::Note(&format!(
            "no more lines are begun; {open} that were sent are not acknowledged, and waited for, for \
             {patience} in all"
        )));
    }

    fn never_started(&self) -> Option<String> {
        let (answered, all) = self.meeting.answered();
        let is_to_start = !self.meeting.has_started() && !self.stop.is_stopped();
        is_to_start.then(|| {
            format!(
                "the schedule never started: it waits until the other side has answered all of {all} \
                 senders, and {answered} were answered"
            )
        })
    }

    fn wake_lanes(&self) -> Result<()> {
        for waker in self.wakers {
            waker.wake().map_err(Error::system("wake a sending thread"))?;
        }
        Ok(())
    }
}

fn tell(sentences: &[String], on_event: &mut impl FnMut(Event<'_>)) {
    for sentence in sentences.iter().take(SENTENCES_TOLD) {
        on_event(Event::Note(sentence));
    }
    if sentences.len() > SENTENCES_TOLD {
        let more = sentences.len() - SENTENCES_TOLD;
        on_event(Event::Note(&format!("{more} more sentences like these")));
    }
}
