//! Senders of stamped lines that go on whatever becomes of the job that they send to; what they have sent in the
//! end, and what the records of a source come to.

mod source;
mod sum;
mod sent;

use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use loadgen::{Data, Error, Label, Load, Schedule, Stop, Summary, WallClock};

pub use source::Source;
pub use sum::Sum;

pub(crate) use sent::{Broken, Sent};

/// How soon a job that is not there is dialled again.
const DIAL_AGAIN_AFTER: Duration = Duration::from_millis(5);

/// What is to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// What the senders are called where lines are acknowledged.
    pub(crate) name: &'static str,
    pub(crate) source: Source,
    pub(crate) address: String,
    pub(crate) rate: Schedule,
    /// In all; without it, until they are told to end.
    pub(crate) records: Option<u64>,
    pub(crate) connections: usize,
    pub(crate) seed: u64,
}

/// Senders at work.
pub(crate) struct Senders {
    stop: Stop,
    thread: JoinHandle<Result<Sent>>,
}

impl Senders {
    pub(crate) fn start(asked: Asked) -> Self {
        let stop = Stop::new();
        let pulled = stop.clone();
        let thread = thread::spawn(move || match asked.source {
            Source::Acknowledged => acknowledged(&asked, &pulled),
            Source::Tcp => over_plain_tcp(&asked, &pulled),
        });
        Senders { stop, thread }
    }

    /// Whether they have ended by themselves: all is sent, or something is wrong.
    pub(crate) fn are_done(&self) -> bool {
        self.thread.is_finished()
    }

    /// Has them end, once all that was begun is acknowledged where it is to be, and gives what they have
    /// sent.
    pub(crate) fn end(self) -> Result<Sent> {
        self.stop.stop();
        match self.thread.join() {
            Ok(sent) => sent.context("the senders"),
            Err(_) => bail!("the senders have panicked"),
        }
    }
}

impl Asked {
    fn load(&self) -> Load {
        Load {
            data: Data { seed: self.seed, text_bytes: 1 << 20, ..Data::default() },
            label: Label::Stamp,
            schedule: self.rate.clone(),
            records: self.records,
            connections: self.connections,
            threads: 1,
            ..Load::default()
        }
    }
}

fn acknowledged(asked: &Asked, stop: &Stop) -> Result<Sent> {
    let name = asked.name.parse().context("the senders' name")?;
    let load = Load { sender: Some(name), ..asked.load() };
    let summary = send(asked, &load, stop)?;
    let mut sent = Sent::default();
    sent.note_lag(&summary);
    if let Some(reason) = summary.reason.filter(|_| summary.given_up) {
        bail!("they were given up: {reason}");
    }
    match summary.acknowledged {
        Some(lines) if lines.not_acknowledged == 0 => {}
        lines => bail!("not all was acknowledged: {lines:?}"),
    }
    sent.add_whole(summary.sent);
    Ok(sent)
}

/// Dials, sends until that breaks, and dials again, under other numbers each time: nobody can tell what of
/// the earlier ones was taken in.
fn over_plain_tcp(asked: &Asked, stop: &Stop) -> Result<Sent> {
    let (mut sent, clock) = (Sent::default(), WallClock::now());
    let mut first_source = 0;
    while !stop.is_stopped() {
        let load = Load { first_source, ..asked.load() };
        let began_us = clock.now_us();
        let summary = match send(asked, &load, stop) {
            Ok(summary) => summary,
            Err(Error::Refused { .. } | Error::Connect { .. }) => {
                thread::sleep(DIAL_AGAIN_AFTER);
                continue;
            }
            Err(e) => return Err(e.into()),
        };
        let broke_us = clock.now_us();
        sent.note_lag(&summary);
        match summary.connections_lost {
            0 => sent.add_whole(summary.sent),
            _ => summary.sent.into_iter().for_each(|sent_over_it| {
                sent.add_broken(Broken { sent: sent_over_it, began_us, broke_us })
            }),
        }
        first_source += asked.connections as u64;
    }
    Ok(sent)
}

fn send(asked: &Asked, load: &Load, stop: &Stop) -> loadgen::Result<Summary> {
    loadgen::send(std::slice::from_ref(&asked.address), load, stop, |_| ())
}
