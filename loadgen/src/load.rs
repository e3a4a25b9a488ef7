//! What a run is asked to do.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::faults::Faults;
use crate::label::Label;
use crate::lines::{Data, Preset};
use crate::replay::Replay;
use crate::schedule::{Pace, Schedule};
use crate::sender_name::SenderName;
use crate::time;
#[cfg(feature = "tls")]
use crate::tls::Tls;
use crate::token::Token;

/// A run goes on for so long at least, and waits for so long at least.
const SHORTEST: Duration = Duration::from_millis(1);

/// No time in a run is longer: a thousand years, which no clock of a machine reaches.
const LONGEST: Duration = Duration::from_secs(1000 * 365 * 24 * 60 * 60);

/// One run: which lines, how many, how fast and over how many connections.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// What the lines look like. With a replay, only its seed is looked at.
    pub data: Data,
    /// Lines of a file instead, in order and each once; over several connections, line `n` goes to
    /// connection `n` modulo their number, as long as these stay the same.
    pub replay: Option<Replay>,
    /// What is written in front of them.
    pub label: Label,
    /// When they are due, over all connections.
    pub schedule: Schedule,
    /// How many are sent, over all connections; without it, no end of them, or all lines of the
    /// replay.
    pub records: Option<u64>,
    /// How long they are sent: from the first client's connection when serving, else from the
    /// start. Without it, until the records are sent or the run is stopped.
    pub run_for: Option<Duration>,
    /// The first part of the run, whose lines are sent as all others and count in no figure but the
    /// totals.
    pub warm_up: Duration,
    /// Sending: how many connections to open, in turns over the targets. Serving: how many clients
    /// to wait for before the first line; later ones are fed as well.
    pub connections: usize,
    /// The number of the first connection, in labels and for what is drawn: runs that feed the same
    /// reader must not share numbers.
    pub first_source: u64,
    /// Send lines until they are acknowledged, as `docs/line-protocol.md` has it, each connection as a
    /// sender of its own: called this, a hyphen and its number. Without it, lines are sent as they are.
    pub sender: Option<SenderName>,
    /// Sending: what each target is shown first.
    pub token: Option<Token>,
    /// Sending: what targets are spoken to in, and whom of them to trust.
    #[cfg(feature = "tls")]
    pub tls: Option<Tls>,
    /// The most threads that send. Each has connections of its own, so there are never more of
    /// them than `connections`.
    pub threads: usize,
    /// How much the operating system may keep of what a reader has not taken, for each connection;
    /// by default as it sees fit, which is megabytes.
    pub send_buffer_bytes: Option<usize>,
    /// What is to go wrong.
    pub faults: Faults,
    /// A run with a given number of records, or a replay, is given up when no reader has taken a byte
    /// for so long. Where lines are acknowledged, a connection over which nothing is taken or said for
    /// so long is dialled again, and at the end acknowledgements are waited for so long.
    pub patience: Duration,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            data: Data::default(),
            replay: None,
            label: Label::None,
            schedule: Schedule::default(),
            records: None,
            run_for: None,
            warm_up: Duration::ZERO,
            connections: 1,
            first_source: 0,
            sender: None,
            token: None,
            #[cfg(feature = "tls")]
            tls: None,
            threads: 2,
            send_buffer_bytes: None,
            faults: Faults::default(),
            patience: Duration::from_secs(30),
        }
    }
}

impl Load {
    /// Refuses values that make no sense, in terms of the flags that set them, and a replay without
    /// its file.
    pub fn check(&self) -> Result<()> {
        self.data.check()?;
        self.schedule.check()?;
        self.faults.check()?;
        self.check_times()?;
        let refuse = |what: String| Err(Error::Usage(what));
        let too_few = |flag, at_least| {
            refuse(format!("{flag} is not possible: it must be at least {at_least}"))
        };
        if self.label != Label::None && self.replay.is_none() && !self.data.preset.is_lines() {
            let preset = self.data.preset.name();
            return refuse(format!(
                "--stamped and --numbered do not go with --preset {preset}: they are written in \
                 front of lines"
            ));
        }
        if self.sender.is_some() && !self.data.preset.is_lines() && self.replay.is_none() {
            let preset = self.data.preset.name();
            return refuse(format!(
                "--acknowledged does not go with --preset {preset}: lines are acknowledged, and these \
                 records are none"
            ));
        }
        if self.connections == 0 {
            return too_few("--connections 0", "1");
        }
        if self.records == Some(0) {
            return too_few("--records 0", "1; without the flag there is no end of them");
        }
        if let (Some(records), None) = (self.records, self.run_for)
            && !self.schedule.comes_to(records)
        {
            return refuse(format!(
                "--records {records} is not possible at --rate {}: so many lines are never due; ask \
                 for fewer, or say --for how long",
                self.schedule
            ));
        }
        if self.threads == 0 {
            return too_few("a number of 0 threads", "1");
        }
        if self.send_buffer_bytes == Some(0) {
            return too_few("--send-buffer 0", "1; the system makes it a few KiB at least");
        }
        if let Some(speed) = self.own_speed()
            && self.schedule.pace != Pace::Max
        {
            return refuse(format!(
                "--speed {speed} does not go with --rate {}: either the file says when lines are due, \
                 or a rate does",
                self.schedule
            ));
        }
        self.replay.as_ref().map_or(Ok(()), Replay::check)
    }

    /// Refuses what cannot be served, in terms of the flags that ask for it.
    pub fn check_serving(&self) -> Result<()> {
        if self.token.is_some() {
            let what = "a token does not go with serve: whoever dials shows one; use send";
            return Err(Error::Usage(what.into()));
        }
        match &self.sender {
            None => Ok(()),
            Some(_) => Err(Error::Usage(
                "--acknowledged does not go with serve: whoever sends acknowledged lines dials, and the \
                 engine listens; use send"
                    .into(),
            )),
        }
    }

    /// Refuses times that are too short or too long, and a warm-up that leaves nothing.
    fn check_times(&self) -> Result<()> {
        let refuse = |what: String| Err(Error::Usage(what));
        for (flag, asked, without) in [
            ("--for", self.run_for, "; without the flag the run goes on until it is stopped"),
            ("--patience", Some(self.patience), ""),
        ] {
            if let Some(asked) = asked.filter(|asked| *asked < SHORTEST) {
                return refuse(format!(
                    "{flag} {} is not possible: it must be at least {}{without}",
                    time::written(asked),
                    time::written(SHORTEST)
                ));
            }
        }
        for (flag, asked) in [
            ("--for", self.run_for.unwrap_or_default()),
            ("--warm-up", self.warm_up),
            ("--patience", self.patience),
            ("--stall", self.faults.stall.map_or(Duration::ZERO, |stall| stall.every)),
        ] {
            if asked > LONGEST {
                return refuse(format!(
                    "{flag} {} is not possible: it must be at most 1000 years",
                    time::written(asked)
                ));
            }
        }
        match self.run_for {
            Some(run_for) if run_for <= self.warm_up => refuse(format!(
                "--warm-up {} leaves nothing of --for {}: it must be shorter",
                time::written(self.warm_up),
                time::written(run_for),
            )),
            _ => Ok(()),
        }
    }

    /// A name for the senders of these lines, the same for every run with the same seed, connections
    /// and kind of lines: so a run goes on where one that was killed has got to, and one of other lines
    /// has names of its own.
    pub fn name_for_lines(&self) -> SenderName {
        let Data { preset, seed, keys, distribution, line_bytes, error_share, .. } = &self.data;
        let made = (preset, keys, distribution, line_bytes, error_share.to_bits());
        let recorded = self.replay.as_ref().map(|replay| &replay.path);
        let lines = format!("{made:?} {recorded:?} {:?} {}", self.label, self.connections);
        let which = crc32fast::hash(lines.as_bytes());
        let name = format!("loadgen-{seed}-{which:08x}");
        name.parse().expect("letters, hyphens, and at most 28 digits of a seed and a checksum")
    }

    pub(crate) fn lanes(&self) -> usize {
        self.threads.min(self.connections)
    }

    /// Whether lines carry moments of the wall clock, to be compared with those of a reader.
    pub(crate) fn carries_moments(&self) -> bool {
        let has_moments = self.data.preset == Preset::Ysb && self.replay.is_none();
        self.label == Label::Stamp || has_moments
    }

    /// Whether lines have a moment at which they are due, to be late for.
    pub fn is_timed(&self) -> bool {
        self.schedule.pace != Pace::Max || self.own_speed().is_some()
    }

    /// The schedule as it is written, for the summary.
    pub(crate) fn written_schedule(&self) -> String {
        match self.own_speed() {
            Some(speed) => format!("speed {speed}"),
            None => self.schedule.to_string(),
        }
    }

    /// Whether the run ends by itself when all its lines are sent.
    pub(crate) fn has_end(&self) -> bool {
        self.records.is_some() || self.replay.is_some()
    }

    /// The speed of a replay that goes by the file's own times.
    fn own_speed(&self) -> Option<f64> {
        self.replay.as_ref()?.speed
    }
}
