//! A run from its first connection to its summary.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Instant;

use mio::{Poll, Waker};

use super::acknowledged;
use super::conductor::{Conductor, Peers, note_losses};
use super::dealer::Dealer;
use super::descriptors;
use super::farewell::{Farewell, not_reset};
use super::found::Found;
use super::lane::{Lane, WAKE};
use super::lanes;
use super::lateness::{Gauge, Lateness};
use super::peers::Targets;
use super::standing::Stands;
use super::ticker::Ticker;
use super::transport::Wrapping;
use crate::error::{Error, Result};
use crate::lines::Source;
use crate::load::Load;
use crate::progress::Event;
use crate::replay::Recording;
use crate::schedule::{ENDLESS, Timetable, TimetableReader};
use crate::stop::Stop;
use crate::summary::Summary;

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
    load.check_serving()?;
    descriptors::make_room_for(load.connections)?;
    descriptors::make_all_room()?;
    let source = source(load, stop, &mut on_event)?;
    run(Peers::listening(listener)?, Wrapping::bare(), &source, load, stop, on_event)
}

/// Dials the targets and sends them lines until the load is sent, its time is up or `stop` is
/// pulled. If a target hangs up, or is not there when it is dialled again, the others get what it
/// was still to get; when all have, the run ends.
///
/// With a [sender's name](Load::sender), each connection keeps its lines, and is dialled again until they
/// are acknowledged.
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
    if let Some(name) = &load.sender {
        let timetable = timetable(load, &source);
        return acknowledged::run(targets, name, &source, &timetable, load, stop, on_event);
    }
    let wrapping = Wrapping::new(load, targets)?;
    let mut targets = Targets::resolve(targets)?;
    let streams = targets.dial(load.connections, stop)?;
    run(Peers::Dialled { streams, targets }, wrapping, &source, load, stop, on_event)
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
    wrapping: Wrapping,
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
        let farewell = Farewell::of(load);
        lanes.push(Lane::new(number, source, &dealer, lateness, lines.clone(), farewell, poll));
    }
    let mut ticker = Ticker::new(&dealer, &gauges, load.warm_up);
    let conductor =
        Conductor { peers, wrapping, source, load, dealer: &dealer, wakers: &wakers, stop };

    let lanes = lanes.into_iter().map(|lane| move || lane.run());
    let conduct = || conductor.run(&mut ticker, &mut on_event);
    // However a thread of the run ends, the others end too.
    let (conducted, reports) = lanes::run(lanes, conduct, |_| dealer.end_at(Instant::now()))?;
    note_losses(&dealer, &mut on_event);
    for sentence in reports.iter().flat_map(|report| &report.stalled) {
        on_event(Event::Note(sentence));
    }
    let sentence = not_reset(reports.iter().flat_map(|report| &report.not_reset));
    sentence.iter().for_each(|sentence| on_event(Event::Note(sentence)));
    let latency = ticker.end(&mut on_event);
    let standing = dealer.standing(Instant::now());
    let found = Found { standing, latency, conducted, reports };
    Ok(found.summary(load, stop))
}
