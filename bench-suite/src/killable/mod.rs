//! A job that may be killed at any time: stamped lines in, every record and sums of several kinds out to
//! files, all of it durable. What must be found in these is in
//! `kill_proof`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};
use clap::Args;
use loadgen::StampedLine;
use millstream::{Conf, DStream, Duration, Replay, Stop, StreamingContext, Text, Window};
use serde::{Deserialize, Serialize};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::job::interval;
use crate::senders::{Source, Sum};
use crate::stdout;

/// Its memory budget. With plain TCP it bounds what a death may cost.
pub const MEMORY_BYTES: u64 = 16 << 20;

/// Where it keeps what outlives its process, in its directory.
pub const KEPT_IN: &str = "checkpoint";

/// What it shares with its replica, which listens on loopback.
pub const REPLICA_TOKEN: &str = "known-to-both-of-them";

/// A folder of files for each batch that is due, and what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Output {
    /// Every record.
    Records,
    /// By source, the sum of all records so far: `update_state_by_key`.
    Totals,
    /// The sum of a window that slides by two batches: `reduce_by_key_and_window`.
    Sliding,
    /// The sum of a window from which is taken out what leaves it.
    Running,
    /// The sum of a window that keeps the records themselves.
    Raw,
}

impl Output {
    /// All of them.
    pub const ALL: [Output; 5] =
        [Output::Records, Output::Totals, Output::Sliding, Output::Running, Output::Raw];

    /// What its folders' names begin with, before a hyphen and the batch's time.
    pub fn name(self) -> &'static str {
        match self {
            Output::Records => "records",
            Output::Totals => "totals",
            Output::Sliding => "sliding",
            Output::Running => "running",
            Output::Raw => "raw",
        }
    }

    /// How many batches its window has and slides by; none where it has none.
    pub fn window_batches(self) -> Option<(i64, i64)> {
        match self {
            Output::Records | Output::Totals => None,
            Output::Sliding => Some((5, 2)),
            Output::Running => Some((7, 1)),
            Output::Raw => Some((3, 3)),
        }
    }

    fn window(self, batch: Duration) -> Window {
        let (length, slide) = self.window_batches().unwrap_or((1, 1));
        Window::sliding(batch * length, batch * slide)
    }

    fn prefix(self, directory: &Path) -> String {
        outputs_in(directory).join(self.name()).display().to_string()
    }
}

/// Where the folders of the outputs are.
pub fn outputs_in(directory: &Path) -> PathBuf {
    directory.join("out")
}

/// The flags of the role.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// How the lines come
    #[arg(long, value_enum)]
    pub source: Source,
    /// Where it listens for them
    #[arg(long)]
    pub listen: String,
    /// A directory of its own, for what it keeps and what it gives out
    #[arg(long)]
    pub dir: PathBuf,
    /// How often a batch is cut
    #[arg(long, value_parser = interval)]
    pub batch: Duration,
    /// How often a receiver closes its blocks
    #[arg(long, value_parser = interval)]
    pub block: Duration,
    /// How far checkpoints are apart
    #[arg(long, value_parser = interval)]
    pub checkpoints: Duration,
    /// How long a graceful stop may take
    #[arg(long, value_parser = interval)]
    pub stop_within: Duration,
    /// The replica that holds a second copy of what outlives it
    #[arg(long)]
    pub replica: Option<SocketAddr>,
}

/// What it says on stdout, a JSON line each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// It watches for signals, and begins to recover.
    Begun,
    /// It has gone on from what an earlier life has left, and its receiver runs.
    Recovered,
    /// It was told to stop, and has.
    Stopped {
        /// Whether all that was received is processed.
        drained: bool,
    },
}

/// Runs until it is told to stop. Fails where not all that was received could be processed then.
pub fn run(options: &Options) -> Result<()> {
    // A signal that comes before there is a stream to stop is kept for it.
    let told_to_stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, told_to_stop.clone())
            .context("the signals could not be watched")?;
    }
    stdout::print_json(&Said::Begun)?;
    let conf = Conf::new("killable")
        .parallelism(2)
        .block_interval(options.block)
        .memory_bytes(MEMORY_BYTES)
        .write_ahead_log(true)
        .checkpoint_interval(options.checkpoints)
        .graceful_stop_timeout(options.stop_within);
    let conf = match options.replica {
        Some(replica) => conf.replica(replica.to_string(), REPLICA_TOKEN),
        None => conf,
    };
    let ssc = StreamingContext::get_or_create(options.dir.join(KEPT_IN), || {
        StreamingContext::new(conf, options.batch)
    })?;
    let described = options.clone();
    let running = ssc.start(move |s| {
        let Options { source, listen, .. } = &described;
        match source {
            Source::Acknowledged => {
                describe(&s.acknowledged_text_stream(listen.as_str()), &described);
            }
            Source::Tcp => describe(&s.listen_text_stream(listen.as_str()), &described),
        }
        Ok(())
    })?;
    running.stop_on_signals()?;
    stdout::print_json(&Said::Recovered)?;
    if told_to_stop.load(Ordering::Relaxed) {
        running.stop(Stop::Graceful)?;
    }
    let drained = running.await_termination()?.drained;
    stdout::print_json(&Said::Stopped { drained })?;
    if !drained {
        bail!("it was stopped before all that was received was processed");
    }
    Ok(())
}

/// The streams over lines, whatever brings these.
fn describe<'b, P: Replay<'b, Item: Text<'b>>>(lines: &DStream<'b, P>, options: &Options) {
    let (directory, batch) = (&options.dir, options.batch);
    let save = |output: Output| (output.prefix(directory), "txt");

    let (prefix, suffix) = save(Output::Records);
    lines.map(|line| line.text()).save_as_text_files(prefix, suffix);

    let sums = lines.flat_map(|line| sum_of(line.text()));
    let totals = sums.update_state_by_key(|new: &[Sum], old: Option<Sum>| {
        Some(new.iter().fold(old.unwrap_or_default(), |all, &one| all + one))
    });
    let (prefix, suffix) = save(Output::Totals);
    totals.map(|(source, sum)| sum.line(source)).save_as_text_files(prefix, suffix);

    let sliding = sums.reduce_by_key_and_window(|a, b| a + b, Output::Sliding.window(batch));
    let (prefix, suffix) = save(Output::Sliding);
    sliding.map(|(source, sum)| sum.line(source)).save_as_text_files(prefix, suffix);

    let running = sums.reduce_by_key_and_window_with_inverse(
        |a, b| a + b,
        |a, b| a - b,
        Output::Running.window(batch),
    );
    let (prefix, suffix) = save(Output::Running);
    running.map(|(source, sum)| sum.line(source)).save_as_text_files(prefix, suffix);

    let raw = lines.window(Output::Raw.window(batch));
    let raw = raw.flat_map(|line| sum_of(line.text())).reduce_by_key(|a, b| a + b);
    let (prefix, suffix) = save(Output::Raw);
    raw.map(|(source, sum)| sum.line(source)).save_as_text_files(prefix, suffix);
}

/// What a line adds to the sum of its source: nothing where it is no record.
fn sum_of(line: &str) -> Option<(u64, Sum)> {
    match StampedLine::read(line.as_bytes()) {
        StampedLine::Record { stamp, digest, .. } => Some((stamp.source, Sum::of(digest))),
        _ => None,
    }
}
