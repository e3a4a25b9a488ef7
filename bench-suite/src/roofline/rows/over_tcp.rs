//! Rows over loopback: load generator and side share the machine, batches are of a second.

use std::time::Duration;

use anyhow::{Result, bail};

use super::{Found, Row, Run, Setting, Side, Target};
use crate::fed::Feed;
use crate::job::Workload;
use crate::role::RoofJob;
use crate::roof::{grep, word_count};

const FEW_WORDS: usize = 10_000;
const MANY_WORDS: usize = 1_000_000;

/// Tables grow in the first two seconds, which neither side is measured in.
const WARM_UP: Duration = Duration::from_secs(2);

/// A window of ten batches of a second lets something go with every batch from then on.
const WINDOW_FILLS: Duration = Duration::from_secs(12);

/// The first batch of an engine's run is not whole, and is not measured.
const FIRST: Duration = Duration::from_secs(1);

/// Nor is the last; and connecting takes a moment.
const LAST: Duration = Duration::from_secs(2);

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "grep-tcp",
        about: "lines with `error`, over TCP; beside a bare loop",
        target: Target::share(0.90),
        reference: Some(grep::OVER_TCP),
        beside: Duration::from_secs(5),
        sides: |setting| beside_bare(Workload::Grep, RoofJob::Grep, FEW_WORDS, setting),
    },
    Row {
        name: "word-count-tcp",
        about: "words of 10 000, over TCP; beside a bare loop",
        target: Target::share(0.85),
        reference: Some(word_count::OVER_TCP),
        beside: Duration::from_secs(5),
        sides: |setting| beside_bare(Workload::WordCount, RoofJob::WordCount, FEW_WORDS, setting),
    },
    Row {
        name: "word-count-1m-tcp",
        about: "words of a million, over TCP; beside a bare loop",
        target: Target::share(0.75),
        reference: Some(word_count::OVER_TCP_OF_A_MILLION),
        beside: Duration::from_secs(5),
        sides: |setting| beside_bare(Workload::WordCount, RoofJob::WordCount, MANY_WORDS, setting),
    },
    Row {
        name: "inverse-window-tcp",
        about: "words of 10 000 in a window of 10 s that slides by 1 s, with the inverse; beside \
                plain word count in the engine",
        target: Target::share(0.90),
        reference: None,
        beside: Duration::from_secs(10),
        sides: |setting| {
            let (feed, run_for) = (feed(FEW_WORDS, setting), setting.run_for);
            let window = move || {
                let windowed = Workload::WindowedWordCountInverse;
                let run = engine(&feed, windowed, WINDOW_FILLS, run_for)?;
                Ok(Run { found: Found::Nothing, ..run })
            };
            let plain = move || engine(&feed, Workload::WordCount, WARM_UP, run_for);
            [Side::new("inverse window", window), Side::new("plain word count", plain)]
        },
    },
];

fn feed(vocabulary: usize, setting: &Setting) -> Feed {
    Feed { connections: setting.connections, vocabulary }
}

fn beside_bare(
    workload: Workload,
    bare: RoofJob,
    vocabulary: usize,
    setting: &Setting,
) -> [Side<'static, Run>; 2] {
    let (feed, run_for) = (feed(vocabulary, setting), setting.run_for);
    [
        Side::new("engine", move || engine(&feed, workload, WARM_UP, run_for)),
        Side::new("bare loop", move || bare_loop(&feed, bare, run_for)),
    ]
}

fn bare_loop(feed: &Feed, job: RoofJob, run_for: Duration) -> Result<Run> {
    let done = feed.bare(job, WARM_UP + run_for)?;
    if done.lines_per_s == 0.0 {
        bail!("no line came in most of the seconds that count; give it more time with --for");
    }
    Ok(done.into())
}

fn engine(feed: &Feed, workload: Workload, warm_up: Duration, run_for: Duration) -> Result<Run> {
    // A job counts its warm-up from the end of the first batch.
    let (job, _) = feed.engine(workload, warm_up + run_for + LAST, warm_up - FIRST)?;
    if job.measured_batches == 0 {
        bail!("no batch could be measured; give it more time with --for");
    }
    Ok(job.into())
}
