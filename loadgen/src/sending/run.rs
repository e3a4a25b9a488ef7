//! A run from its first connection to its summary.

use std::net::TcpListener;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use mio::{Poll, Waker};

use super::conductor::{Conducted, Conductor, Peers, note_losses};
use super::dealer::{Dealer, Standing};
use super::descriptors;
use super::lane::{Lane, LaneReport, WAKE};
use super::lateness::{Gauge, Lateness};
use super::peers::Targets;
use super::ticker::Ticker;
use crate::error::{Error, Result};
use crate::latency::Latency;
use crate::lines::Source;
use crate::load::Load;
use crate::progress::Event;
use crate::replay::Recording;
use crate::schedule::{ENDLESS, Timetable, TimetableReader};
use crate::stop::Stop;
use crate::summary::{Behind, MUCH_TOO_LATE_MS, SCHEMA_VERSION, Summary, WarmUp, reason_not_valid};

/// Waits for clients and feeds them lines until the load is sent, its time is up or `stop` is
/// pulled. A client that goes away does not end the run, and what it was still to get goes to the
/// others; while there is none, the schedule stands still.
pub fn serve(
    listener: TcpListener,
    load: &Load,
    stop: &Stop,
    mut on_event: impl FnMut(Event<'_>),
) -> Result<Summary> {
    load.check()?;
    descriptors::make_room_for(load.connections)?;
    descriptors::make_all_room()?;
    let source = source(load, stop, &mut on_event)?;
    run(Peers::listening(listener)?, &source, load, stop, on_event)
}

/// Dials the targets and sends them lines until the load is sent, its time is up or `stop` is
/// pulled. If a target hangs up, or is not there when it is dialled again, the others get what it
/// was still to get; when all have, the run ends.
pub fn send(
    targets: &[String],
    load: &Load,
    stop: &Stop,
    mut on_event: impl FnMut(Event<'_>),
) -> Result<Summary> {
    load.check()?;
    if targets.is_empty() || load.connections < targets.len() {
        return Err(Error::Usage(format!(
            "--connections {} does not reach {} targets: each takes at least one connection, and \
             there must be a target",
            load.connections,
            targets.len()
        )));
    }
    descriptors::make_room_for(load.connections)?;
    // The lines first: targets should not see connections that stay silent while they are made, or
    // found in a file.
    let source = source(load, stop, &mut on_event)?;
    let mut targets = Targets::resolve(targets)?;
    let streams = targets.dial(load.connections, stop)?;
    run(Peers::Dialled { streams, targets }, &source, load, stop, on_event)
}

fn source(load: &Load, stop: &Stop, on_event: &mut impl FnMut(Event<'_>)) -> Result<Source> {
    let Some(replay) = &load.replay else { return Source::of(&load.data) };
    let tell = |sentence: &str| on_event(Event::Note(sentence));
    Ok(Source::replaying(Recording::open(replay, load.records, stop, tell)?))
}

fn timetable(load: &Load, source: &Source) -> Arc<Timetable> {
    let records = source.recording().map(Recording::lines).or(load.records);
    match source.recording().and_then(Recording::moments) {
        Some(moments) => Timetable::recorded(moments.clone(), records.unwrap_or(ENDLESS)),
        None => Timetable::new(&load.schedule, records, load.data.seed),
    }
}

fn run(
    peers: Peers,
    source: &Source,
    load: &Load,
    stop: &Stop,
    mut on_event: impl FnMut(Event<'_>),
) -> Result<Summary> {
    let timetable = timetable(load, source);
    let lines = TimetableReader::new(&timetable);
    let is_dialling = matches!(peers, Peers::Dialled { .. });
    let dealer =
        Dealer::new(lines.clone(), load.warm_up, load.connections, load.lanes(), is_dialling);
    let gauges: Vec<Gauge> = (0..load.lanes()).map(|_| Gauge::default()).collect();
    let (mut lanes, mut wakers) = (Vec::new(), Vec::new());
    for (number, gauge) in gauges.iter().enumerate() {
        let poll = Poll::new().map_err(Error::system("create an event queue"))?;
        let waker = Waker::new(poll.registry(), WAKE);
        wakers.push(waker.map_err(Error::system("create a waker"))?);
        let lateness = Lateness::new(gauge, lines.clone(), load.warm_up);
        let end = load.faults.end;
        lanes.push(Lane::new(number, source, &dealer, lateness, lines.clone(), end, poll));
    }
    let mut ticker = Ticker::new(&dealer, &gauges, load.warm_up);
    let conductor = Conductor { peers, source, load, dealer: &dealer, wakers: &wakers, stop };

    let (conducted, reports) = thread::scope(|scope| {
        let lanes: Vec<_> = lanes
            .into_iter()
            .map(|lane| {
                let dealer = &dealer;
                scope.spawn(move || {
                    let _ends_the_run = EndOnDrop(dealer);
                    lane.run()
                })
            })
            .collect();
        let conducted = {
            let _ends_the_run = EndOnDrop(&dealer);
            conductor.run(&mut ticker, &mut on_event)
        };
        let reports: Result<Vec<_>> = lanes
            .into_iter()
            .map(|lane| lane.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect();
        // What ended a lane ended the run.
        let reports = reports?;
        Ok::<_, Error>((conducted?, reports))
    })?;
    note_losses(&dealer, &mut on_event);
    for sentence in reports.iter().flat_map(|report| &report.stalled) {
        on_event(Event::Note(sentence));
    }
    let latency = ticker.end(&mut on_event);
    let standing = dealer.standing(Instant::now());
    let found = Found { standing, latency, conducted, reports };
    Ok(found.summary(load, stop))
}

/// However a thread of the run ends, the others end too.
struct EndOnDrop<'a>(&'a Dealer);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.end_at(Instant::now());
    }
}

/// What all threads have to say at the end.
struct Found {
    standing: Standing,
    latency: Latency,
    conducted: Conducted,
    reports: Vec<LaneReport>,
}

impl Found {
    fn summary(mut self, load: &Load, stop: &Stop) -> Summary {
        let Standing { sent, elapsed, due, .. } = self.standing;
        let (warm_up, warm_up_time) = self.standing.warm_up;
        let measured_s = elapsed.saturating_sub(warm_up_time).as_secs_f64();
        let per_s = |amount: f64| if measured_s > 0.0 { amount / measured_s } else { 0.0 };
        let is_timed = load.is_timed();
        let asked_per_s = (due != ENDLESS && elapsed.as_secs_f64() > 0.0)
            .then(|| due as f64 / elapsed.as_secs_f64());
        let reason = self.reason(load, stop);
        let mut marks: Vec<_> =
            self.reports.iter_mut().flat_map(|report| report.sent.drain(..)).collect();
        marks.sort_by_key(|mark| mark.source);
        Summary {
            schema_version: SCHEMA_VERSION,
            records: sent.lines,
            bytes: sent.bytes,
            seconds: elapsed.as_secs_f64(),
            warm_up: WarmUp { records: warm_up.lines, seconds: warm_up_time.as_secs_f64() },
            schedule: load.written_schedule(),
            rate_asked_lines_per_s: match load.schedule.pace {
                crate::schedule::Pace::Constant { lines_per_s } => Some(lines_per_s),
                _ => asked_per_s.filter(|_| is_timed),
            },
            rate_held_lines_per_s: per_s((sent.lines - warm_up.lines) as f64),
            mb_per_s: per_s((sent.bytes - warm_up.bytes) as f64 / 1e6),
            lag_ms: is_timed.then(|| self.latency.corrected()),
            raw_lag_ms: is_timed.then(|| self.latency.raw()),
            connections: self.standing.connections_in_all,
            connections_lost: self.standing.connections_lost,
            connections_stalled: self.reports.iter().map(|r| r.stalled.len() as u64).sum(),
            sent: marks,
            interrupted: stop.is_stopped(),
            given_up: self.conducted.given_up.is_some(),
            valid: reason.is_none(),
            reason,
        }
    }

    /// Why the run is not valid, if it is not.
    fn reason(&self, load: &Load, stop: &Stop) -> Option<String> {
        if let Some(sentence) = &self.conducted.given_up {
            return Some(sentence.clone());
        }
        if let Some(step_ms) = self.conducted.wall_step_ms.filter(|_| load.carries_moments()) {
            return Some(format!(
                "the wall clock was set by {step_ms} ms while the run went on: what its lines say \
                 of the time is not what other programs see; run it again"
            ));
        }
        let (came, asked) = (self.standing.connections_in_all, load.connections as u64);
        if came < asked && self.standing.due == 0 && !stop.is_stopped() {
            return Some(format!(
                "the schedule never started: it waits for {asked} clients, and {came} came; ask for \
                 fewer --connections, or for more time"
            ));
        }
        let sum = |of: fn(&LaneReport) -> u64| self.reports.iter().map(of).sum::<u64>();
        // Lines that wait through a silence are late on request.
        let is_silent_at_times = load.faults.stall.is_some();
        let too_late = self.latency.raw_share_above_ms(MUCH_TOO_LATE_MS);
        let behind = Behind {
            due: self.standing.due,
            with_room: sum(|report| report.behind_with_room),
            without_room: sum(|report| report.behind_without_room) + self.standing.undealt,
            lag_ms: self.standing.lag.unwrap_or_default().as_secs_f64() * 1e3,
            too_late: if is_silent_at_times { 0.0 } else { too_late },
        };
        load.is_timed().then(|| reason_not_valid(&load.written_schedule(), behind)).flatten()
    }
}
