//! Runs a workload on batches that are in memory, one after the other, with no network and no load beside
//! it: what the work alone costs.

use std::io::{BufRead, Lines, StdinLock, Write, stdin, stdout};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use hdrhistogram::Histogram;
use loadgen::Data;
use millstream::progress::{BatchReport, Listener};
use millstream::{ManualClock, Queue, StreamingContext, Time};
use serde_json::Value;

use super::summary::SCHEMA_VERSION;
use super::{Answers, Options, Summary, workload};
use crate::text_blocks::TextBlocks;
use crate::usage;

/// How long it runs where nothing else is said.
const DEFAULT_TIME: std::time::Duration = std::time::Duration::from_secs(5);

/// Tables grow in the first batches, which are not measured; nor are those that fill a window.
const WARM_UP_BATCHES: i64 = 2;

/// A batch that takes longer than this is not waited for.
const PATIENCE: millstream::Duration = millstream::secs(60);

/// Works on batches of so many bytes until the time is up. Its rates are over the time in which it
/// worked: what it takes to put a batch there is left out.
pub(super) fn summary(options: &Options, batch_bytes: usize) -> Result<Summary> {
    let mut data =
        Data { preset: options.workload.preset(), text_bytes: batch_bytes, ..Data::default() };
    data.keys = options.keys.unwrap_or(data.keys);
    let input = TextBlocks::render(&data)?;
    let (queue, answers, seen) = (Queue::new(), Answers::default(), Seen::default());
    let clock = ManualClock::at(Time::default());
    let conf = options.conf()?.clock(clock.clone()).listener(seen.clone());
    let ssc = StreamingContext::new(conf, options.batch)?;
    let described = (options.clone(), queue.clone(), answers.clone());
    let running = ssc.start(move |s| {
        let (options, queue, answers) = &described;
        workload::describe(options, s, &[s.queue_text_stream(queue)], answers);
        Ok(())
    })?;

    let one = || -> Result<Cost> {
        queue.push(input.blocks.clone());
        let (cpu_before, started) = (usage::of_this_process()?.cpu_seconds, Instant::now());
        clock.advance(options.batch);
        running.wait_for_batch(clock.now(), PATIENCE)?;
        let seconds = started.elapsed().as_secs_f64();
        let cpu_seconds = usage::of_this_process()?.cpu_seconds - cpu_before;
        let lines = seen.take().context("a batch was done, and not reported")??;
        answers.take(clock.now());
        if lines != input.lines {
            bail!("a batch of {} lines was reported to have {lines}", input.lines);
        }
        Ok(Cost { seconds, cpu_seconds })
    };
    for _ in 0..WARM_UP_BATCHES + options.window_batches() {
        one()?;
    }
    let mut all = Cost::default();
    let mut processing_us = Histogram::<u64>::new(3)?;
    let (mut batches, mut again) = (0, 0.0);
    let time = options.run_for.unwrap_or(DEFAULT_TIME);
    let mut turns = options.in_turns.then(Turns::new);
    while batches == 0 || all.seconds < time.as_secs_f64() {
        if let Some(turns) = &mut turns
            && !turns.next()?
        {
            break;
        }
        let cost = one()?;
        processing_us.record((cost.seconds * 1e6) as u64)?;
        batches += 1;
        all.add(cost);
        // A side that does so much more work does some batches twice.
        again += options.slow;
        while again >= 1.0 {
            again -= 1.0;
            all.add(one()?);
        }
    }
    if batches == 0 {
        bail!("no turn was given, so nothing was measured");
    }
    let (records, bytes) = (input.lines * batches, input.bytes * batches);
    let ms = |share| processing_us.value_at_quantile(share) as f64 / 1e3;
    Ok(Summary {
        schema_version: SCHEMA_VERSION,
        workload: options.workload.name().into(),
        batch_interval_ms: options.batch.as_millis(),
        parallelism: ssc.engine().parallelism(),
        batches,
        records,
        bytes,
        totals: Value::Null,
        measured_batches: batches,
        measured_records: records,
        measured_cpu_seconds: all.cpu_seconds,
        lines_per_s: records as f64 / all.seconds,
        bytes_per_s: bytes as f64 / all.seconds,
        processing_p50_ms: ms(0.50),
        processing_p95_ms: ms(0.95),
        processing_p99_ms: ms(0.99),
        total_delay_p50_ms: ms(0.50),
        total_delay_p95_ms: ms(0.95),
        total_delay_p99_ms: ms(0.99),
        total_delay_max_ms: ms(1.0),
        usage: usage::of_this_process()?,
        ..Summary::default()
    })
}

/// The turns that this process is given, a line on stdin each; that the one before is over is said with a
/// line on stdout.
struct Turns {
    given: Lines<StdinLock<'static>>,
    had_one: bool,
}

impl Turns {
    fn new() -> Self {
        Turns { given: stdin().lock().lines(), had_one: false }
    }

    /// Waits for the next. There is none once stdin has ended.
    fn next(&mut self) -> Result<bool> {
        let mut out = stdout().lock();
        writeln!(out, "{}", self.had_one)
            .and_then(|()| out.flush())
            .context("nobody hears of it")?;
        self.had_one = true;
        Ok(self.given.next().transpose().context("no turn could be read")?.is_some())
    }
}

/// Of a batch, or of several.
#[derive(Clone, Copy, Default)]
struct Cost {
    seconds: f64,
    cpu_seconds: f64,
}

impl Cost {
    fn add(&mut self, other: Cost) {
        self.seconds += other.seconds;
        self.cpu_seconds += other.cpu_seconds;
    }
}

/// The lines of the last batch, or why it failed, until it is taken.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Option<Result<u64, String>>>>);

impl Seen {
    fn take(&self) -> Option<Result<u64>> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        seen.map(|seen| seen.map_err(anyhow::Error::msg))
    }
}

impl Listener for Seen {
    fn batch_completed(&self, report: &BatchReport) {
        let seen = report.errors.first().cloned().map_or(Ok(report.records), Err);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
    }
}
