//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use loadgen::{End, Faults, Load, Objective, Replay, Result, Schedule, SenderName, Stall, Token};

#[cfg(feature = "tls")]
use loadgen::Tls;

use crate::lines::Lines;
use crate::{address, examples};

/// What was written on the command line.
#[derive(Debug, Parser)]
#[command(name = "loadgen", version, about, after_help = examples::ALL)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Wait for clients and feed them lines, as `nc -lk` would
    #[command(after_help = examples::SERVE)]
    Serve {
        /// The address to listen on, or a port alone on loopback; port 0 takes a free one and says
        /// which
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7777", value_parser = address::listening)]
        listen: String,
        /// How many clients to wait for before the first line; later ones are fed as well
        #[arg(long, value_name = "N", default_value_t = 1)]
        connections: usize,
        /// What both commands share.
        #[command(flatten)]
        shared: Box<Shared>,
    },
    /// Dial targets and send them lines
    #[command(after_help = examples::SEND)]
    Send {
        /// A target; may be repeated
        #[arg(long, value_name = "HOST:PORT", required = true, value_parser = address::target)]
        connect: Vec<String>,
        /// How many connections to open in all, in turns over the targets [default: one each]
        #[arg(long, value_name = "N")]
        connections: Option<usize>,
        /// How they let it in.
        #[command(flatten)]
        entry: Entry,
        /// What both commands share.
        #[command(flatten)]
        shared: Box<Shared>,
    },
    /// Check stamped lines: was anything lost, doubled, torn or invented?
    #[command(after_help = examples::CHECK)]
    Check(Check),
    /// Print the JSON schema of the summary
    Schema,
    /// Print a shell's completions
    #[command(after_help = examples::COMPLETIONS)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print a manual page
    #[command(after_help = examples::MAN)]
    Man {
        /// The command that it is about [default: all of them]
        command: Option<String>,
    },
}

/// What targets want before they take lines.
#[derive(Args, Debug)]
#[command(next_help_heading = "Targets that let in not everybody")]
pub(crate) struct Entry {
    /// Show the token in this file's one line first of all
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Speak TLS 1.3, and trust targets whose certificate is signed by one of those in this PEM file
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// The name that their certificate must be for [default: the host of the first target]
    #[cfg(feature = "tls")]
    #[arg(long, value_name = "NAME", requires = "tls_ca")]
    tls_name: Option<String>,
}

/// Flags of `check`.
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// Files of stamped lines, all of one run [default: stdin]
    pub(crate) files: Vec<PathBuf>,
    /// The sender's summary in JSON, to hold them against; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) sent: Vec<PathBuf>,
    /// Accept sources without an end mark, of which the last records may be missing
    #[arg(long)]
    pub(crate) unended: bool,
    /// Count records that come out of order as faults: right where each source was read in order
    #[arg(long)]
    pub(crate) ordered: bool,
    /// Print what was found as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Flags of `serve` and `send`.
#[derive(Args, Debug)]
pub(crate) struct Shared {
    #[command(flatten)]
    when: When,
    #[command(flatten)]
    lines: Lines,
    #[command(flatten)]
    replay: ReplayFlags,
    #[command(flatten)]
    acknowledging: Acknowledging,
    #[command(flatten)]
    faults: FaultFlags,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// How many lines, and when.
#[derive(Args, Debug)]
#[command(next_help_heading = "How many, and when")]
struct When {
    /// Lines per second over all connections: 500, 100k, 2M, max (or 0) for all it can; or a
    /// schedule: ramp:10k..200k/30s, steps:10k,50k/10s, sine:50k..150k/20s, square:10k..100k/10s,
    /// bursts:10k..1M/100ms/5s; any of them at random moments: poisson:100k
    #[arg(long, value_name = "RATE", default_value = "max", allow_hyphen_values = true)]
    rate: Schedule,
    /// How many lines to send in all [default: no end, or with --replay the file's]
    #[arg(long, value_name = "N")]
    records: Option<u64>,
    /// How long to send, such as 20s or 5m; serve counts from the first client [default: no end]
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
    run_for: Option<Duration>,
    /// How much of this time is set apart at its beginning: it counts in no figure but the totals
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = humantime::parse_duration)]
    warm_up: Duration,
    /// With --records or --replay: how long to wait while no reader takes a byte. With
    /// --acknowledged: how long for a byte or an acknowledgement, before the connection is dialled
    /// again; and for those that are missing at the end
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    patience: Duration,
}

/// Lines that are not made.
#[derive(Args, Debug)]
#[command(next_help_heading = "Lines of a file instead")]
struct ReplayFlags {
    /// Send the lines of this file, each once, as they are, and end
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all =
            ["preset", "vocabulary", "distribution", "skew", "line_bytes", "error_share"]
    )]
    replay: Option<PathBuf>,
    /// Instead of --rate: send at the file's own speed, times this; 1 as the lines' times say, 10 in
    /// a tenth of the time. Known are [10/Oct/2000:13:55:36 -0700], 2026-01-01T00:00:00.123Z, stamps
    /// of loadgen, and seconds, milliseconds or microseconds since the epoch as the first column
    #[arg(
        long,
        value_name = "FACTOR",
        requires = "replay",
        conflicts_with = "rate",
        allow_negative_numbers = true
    )]
    speed: Option<f64>,
    /// The column with the time, from 1; tabs separate columns, or commas, or spaces, whichever of
    /// them the first line has
    #[arg(long, value_name = "N", requires = "speed")]
    time_column: Option<usize>,
}

/// Lines that are not given up.
#[derive(Args, Debug)]
#[command(next_help_heading = "Lines that are acknowledged")]
struct Acknowledging {
    /// With send: speak the acknowledging line protocol, dial again after a break, and send again what
    /// was not acknowledged; exit code 1 if anything is not in the end. Each connection is a sender
    #[arg(long)]
    acknowledged: bool,
    /// What they are called: each connection NAME-N, N being its number. A run goes on where one with
    /// the same name and lines has got to [default: a name for the seed and the kind of lines]
    #[arg(long, value_name = "NAME", requires = "acknowledged")]
    sender: Option<SenderName>,
}

/// What is to go wrong.
#[derive(Args, Debug)]
#[command(next_help_heading = "What is to go wrong")]
struct FaultFlags {
    /// Write in pieces of one to N bytes, each by itself
    #[arg(long, value_name = "N")]
    chop: Option<usize>,
    /// Send at most N bytes a second on each connection, as a very slow client would
    #[arg(long, value_name = "N")]
    bytes_per_s: Option<u64>,
    /// Fall silent now and then, in the middle of a line: 1s/10s for a second in every ten, on each
    /// connection at another moment
    #[arg(long, value_name = "TIME/TIME")]
    stall: Option<Stall>,
    /// End each connection after so many lines; send dials a new one, with --acknowledged once they
    /// are acknowledged, unless they end by a reset
    #[arg(long, value_name = "N")]
    lines_per_connection: Option<u64>,
    /// How connections end
    #[arg(long, value_enum, default_value_t = Ending::Close)]
    end: Ending,
    /// How much of what a reader has not taken the system may keep for each connection, such as
    /// 64KiB [default: as it sees fit, which is megabytes]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    send_buffer: Option<ByteSize>,
}

/// A size, as in `64KiB`.
fn size(text: &str) -> std::result::Result<ByteSize, String> {
    text.parse().map_err(|_| format!("{text:?} is no size: write it as in 64KiB"))
}

/// How connections end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Ending {
    /// All that was sent is delivered
    Close,
    /// No more will come, and the other side is waited for
    HalfClose,
    /// What is not read by then is lost to the reader
    Reset,
}

/// What is told.
#[derive(Args, Debug)]
#[command(next_help_heading = "What is told")]
pub(crate) struct Output {
    /// What a figure must be, such as lag.p99<5ms; may be repeated. Missed, the exit code is 4
    #[arg(long = "objective", value_name = "FIGURE<BOUND")]
    pub(crate) objectives: Vec<Objective>,
    /// Write a row for each second to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// Write the lateness of lines to this file, as an HdrHistogram log: corrected, and tagged `raw`
    #[arg(long, value_name = "FILE")]
    pub(crate) hdr_log: Option<PathBuf>,
    /// Print the summary as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Tell nothing while sending but what goes wrong
    #[arg(long)]
    pub(crate) quiet: bool,
}

impl Shared {
    /// The load that the flags ask for over this many connections.
    pub(crate) fn load(&self, connections: usize) -> Result<Load> {
        let Self { when, lines, replay, acknowledging, faults, .. } = self;
        let mut data = lines.data()?;
        if let Some(records) = when.records {
            data.shrink_to(records);
        }
        let mut load = Load {
            data,
            replay: replay.replay(),
            label: lines.label()?,
            schedule: when.rate.clone(),
            records: when.records,
            run_for: when.run_for,
            warm_up: when.warm_up,
            connections,
            first_source: lines.first_source,
            send_buffer_bytes: faults.send_buffer.map(|size| size.as_u64() as usize),
            faults: faults.faults(),
            patience: when.patience,
            ..Load::default()
        };
        if acknowledging.acknowledged {
            let name = acknowledging.sender.clone();
            load.sender = Some(name.unwrap_or_else(|| load.name_for_lines()));
        }
        // Before a port is taken: a mistake is told at once.
        load.check()?;
        Ok(load)
    }
}

impl Entry {
    /// The load with what it needs to be let in.
    pub(crate) fn complete(&self, load: Load) -> Result<Load> {
        let token = self.token_file.as_deref().map(Token::from_file).transpose()?;
        let load = Load { token, ..load };
        #[cfg(feature = "tls")]
        let load = {
            let tls =
                |trusted: &PathBuf| Tls { trusted: trusted.clone(), name: self.tls_name.clone() };
            Load { tls: self.tls_ca.as_ref().map(tls), ..load }
        };
        Ok(load)
    }
}

impl ReplayFlags {
    fn replay(&self) -> Option<Replay> {
        let (speed, time_column) = (self.speed, self.time_column);
        self.replay.as_ref().map(|path| Replay { speed, time_column, ..Replay::of(path) })
    }
}

impl FaultFlags {
    fn faults(&self) -> Faults {
        Faults {
            chop_bytes: self.chop,
            bytes_per_s: self.bytes_per_s,
            stall: self.stall,
            lines_per_connection: self.lines_per_connection,
            end: match self.end {
                Ending::Close => End::Close,
                Ending::HalfClose => End::HalfClose,
                Ending::Reset => End::Reset,
            },
        }
    }
}
