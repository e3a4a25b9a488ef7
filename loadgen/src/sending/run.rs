//! A run from its first connection to its summary.

use std::io;
use std::net::TcpListener;
use std::panic::resume_unwind;
use std::thread;
use std::time::Instant;

use mio::{Poll, Waker};

use super::conductor::{Conductor, Source, note_losses};
use super::dealer::Dealer;
use super::descriptors;
use super::lane::{Lane, LaneReport, WAKE, new_histogram_us};
use super::peers;
use crate::error::{Error, Result};
use crate::lines::Text;
use crate::load::Load;
use crate::progress::Event;
use crate::schedule::Schedule;
use crate::stop::Stop;
use crate::summary::{LagMs, SCHEMA_VERSION, Summary, reason_not_valid};

/// Waits for clients and feeds them lines until the load is sent, its time is up or `stop` is
/// pulled. A client that goes away does not end the run, and what it was still to get goes to the
/// others; while there is none, the schedule stands still.
pub fn serve(
    listener: TcpListener,
    load: &Load,
    stop: &Stop,
    on_event: impl FnMut(Event<'_>),
) -> Result<Summary> {
    load.check()?;
    descriptors::make_room_for(load.connections)?;
    descriptors::make_all_room()?;
    let text = Text::render(&load.text)?;
    run(Source::listening(listener)?, &text, load, stop, on_event)
}

/// Dials the targets and sends them lines until the load is sent, its time is up or `stop` is
/// pulled. If a target hangs up, the others get what it was still to get; when all have, the run
/// ends.
pub fn send(
    targets: &[String],
    load: &Load,
    stop: &Stop,
    on_event: impl FnMut(Event<'_>),
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
    // The text first: targets should not see connections that stay silent while it is rendered.
    let text = Text::render(&load.text)?;
    let streams = peers::dial(targets, load.connections, stop)?;
    run(Source::Dialled(streams), &text, load, stop, on_event)
}

fn run(
    source: Source,
    text: &Text,
    load: &Load,
    stop: &Stop,
    mut on_event: impl FnMut(Event<'_>),
) -> Result<Summary> {
    let schedule = Schedule { rate: load.rate, records: load.records };
    let dealer = Dealer::new(schedule, load.connections, load.lanes());
    let (mut polls, mut wakers) = (Vec::new(), Vec::new());
    for _ in 0..load.lanes() {
        let poll = Poll::new().map_err(Error::system("create an event queue"))?;
        let waker = Waker::new(poll.registry(), WAKE);
        wakers.push(waker.map_err(Error::system("create a waker"))?);
        polls.push(poll);
    }
    let conductor = Conductor { source, text, load, dealer: &dealer, wakers: &wakers, stop };

    let reports = thread::scope(|scope| {
        let lanes: Vec<_> = polls
            .into_iter()
            .enumerate()
            .map(|(number, poll)| {
                let (lane, dealer) = (Lane::new(number, text, &dealer, poll), &dealer);
                scope.spawn(move || {
                    let _ends_the_run = EndOnDrop(dealer);
                    lane.run()
                })
            })
            .collect();
        let conducted = {
            let _ends_the_run = EndOnDrop(&dealer);
            conductor.run(&mut on_event)
        };
        let reports: io::Result<Vec<_>> = lanes
            .into_iter()
            .map(|lane| lane.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect();
        conducted.and(reports.map_err(Error::system("wait for a socket")))
    })?;
    note_losses(&dealer, &mut on_event);
    for sentence in reports.iter().flat_map(|report| &report.stalled) {
        on_event(Event::Note(sentence));
    }
    Ok(summarise(&reports, &dealer, load, stop))
}

/// However a thread of the run ends, the others end too.
struct EndOnDrop<'a>(&'a Dealer);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.end_at(Instant::now());
    }
}

fn summarise(reports: &[LaneReport], dealer: &Dealer, load: &Load, stop: &Stop) -> Summary {
    let standing = dealer.standing(Instant::now());
    let seconds = standing.elapsed.as_secs_f64();
    let per_s = |amount: f64| if seconds > 0.0 { amount / seconds } else { 0.0 };

    let mut lag_us = new_histogram_us();
    for report in reports {
        lag_us.add(&report.lag_us).expect("all lag histograms have the same bounds");
    }
    let behind = standing.undealt + reports.iter().map(|report| report.behind).sum::<u64>();
    let reason = reason_not_valid(load.rate, behind, standing.due);
    Summary {
        schema_version: SCHEMA_VERSION,
        records: standing.sent.lines,
        bytes: standing.sent.bytes,
        seconds,
        rate_asked_lines_per_s: load.rate.lines_per_s(),
        rate_held_lines_per_s: per_s(standing.sent.lines as f64),
        mb_per_s: per_s(standing.sent.bytes as f64 / 1e6),
        lag_ms: load.rate.lines_per_s().map(|_| LagMs::from_histogram_us(&lag_us)),
        connections: standing.connections_in_all,
        connections_lost: standing.connections_in_all - standing.connections as u64,
        connections_stalled: reports.iter().map(|report| report.stalled.len() as u64).sum(),
        interrupted: stop.is_stopped(),
        valid: reason.is_none(),
        reason,
    }
}
