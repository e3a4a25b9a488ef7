//! Runs a workload to its end.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration as StdDuration, Instant};

use anyhow::{Context, Result, bail};
use loadgen::{Met, Objective};
use millstream::progress::{BatchReport, Listener, Notice};
use millstream::{Duration, Error, Running, Stop, StreamingContext};

use super::gathered::Gathered;
use super::in_flags::in_flags;
use super::live::Live;
use super::stamped::{self, Recorder, StampedSummary};
use super::summary::Summary;
use super::{Answers, Options, ProgressForm, contradictions, from_memory, ndjson, workload};
use crate::outcome::{Outcome, refuse};
use crate::usage;
use crate::{stderr, stdout};

/// How soon it is seen that all connections are closed.
const CLOSED_IS_SEEN_WITHIN: StdDuration = StdDuration::from_millis(20);

/// No wait is longer than this.
const A_DAY: StdDuration = StdDuration::from_secs(24 * 60 * 60);

/// Runs the workload until the time is up or a signal stops it, and prints its summary.
///
/// Fails where it cannot start, where a batch failed, and where stamped lines did not all come.
pub fn run(options: &Options) -> Result<Outcome> {
    workload::check(options).unwrap_or_else(|reason| refuse(reason));
    contradictions::check(options).unwrap_or_else(|reason| refuse(reason));
    // What there is no figure for is told before the run and not after it.
    judge(options, &Summary::default());
    let latency = options.objectives.iter().find(|o| o.figure().contains("latency."));
    if let Some(objective) = latency.filter(|_| !options.is_stamped()) {
        refuse(format_args!(
            "--objective {objective}: only stamped lines have a latency; give --stamped too, and send \
             lines with loadgen --stamped"
        ));
    }
    if let Some(batch) = options.from_memory {
        let bytes = usize::try_from(batch.as_u64()).context("no batch can have so many bytes")?;
        let summary = from_memory::summary(options, bytes)?;
        print(options, &summary).context("the summary could not be written")?;
        return Ok(outcome(options, &summary));
    }
    // What cannot be read is told before the run.
    usage::of_this_process()?;
    let recorder = options
        .is_stamped()
        .then(|| Recorder::new(options.warm_up, options.hdr_log.as_deref()))
        .transpose()?;
    let warm_up = match Duration::try_from(options.warm_up) {
        Ok(warm_up) => warm_up,
        Err(e) => refuse(format_args!("--warm-up: {e}")),
    };
    let answers = Answers::default();
    let gathered = Gathered::after(warm_up);
    let gathered = if options.course { gathered.with_course() } else { gathered };
    let teller = Arc::new(Teller {
        answers: answers.clone(),
        form: options.progress,
        live: Live::new(),
        gathered: Mutex::new(gathered),
        closed: AtomicUsize::new(0),
    });
    let conf = options.conf().unwrap_or_else(|e| refuse(format_args!("{e:#}")));
    // They are told with the progress, in whatever form that is.
    let conf = conf.warnings_on_stderr(false).listener(Told(teller.clone()));
    let new = || StreamingContext::new(conf, options.batch);
    let context = match &options.checkpoint {
        Some(directory) => StreamingContext::get_or_create(directory, new),
        None => new(),
    };
    let ssc = match context {
        Ok(ssc) => ssc,
        Err(e) => refuse(in_flags(&e.to_string())),
    };

    let described = (options.clone(), recorder.clone());
    let started = ssc.start(move |s| {
        let (options, recorder) = &described;
        let dialled = targets(options).map(|target| s.socket_text_stream(target));
        let listening = options.listen.iter().map(|address| s.listen_text_stream(address));
        let sources: Vec<_> = dialled.chain(listening).collect();
        match recorder {
            None => workload::describe(options, s, &sources, &answers),
            Some(recorder) => stamped::describe(options, s, &sources, &answers, recorder),
        }
        Ok(())
    });
    let running = match started {
        Err(e @ (Error::Window { .. } | Error::WindowMemory { .. })) => {
            refuse(in_flags(&e.to_string()))
        }
        started => started?,
    };
    running.stop_on_signals()?;
    let failure = until_it_ends(options, &running, &teller);
    let stopped = running.stop(Stop::Graceful)?;
    teller.live_end();

    let parallelism = ssc.engine().parallelism();
    let gathered = teller.gathered.lock().unwrap_or_else(PoisonError::into_inner);
    let stamped = recorder.map(|recorder| recorder.end()).transpose();
    let summary = Summary {
        stamped: stamped.as_ref().ok().cloned().flatten(),
        ..gathered.summary(
            options.workload.name(),
            options.batch.as_millis(),
            parallelism,
            usage::of_this_process()?,
        )
    };
    print(options, &summary).context("the summary could not be written")?;
    let outcome = outcome(options, &summary);
    if let Some(failure) = failure {
        return Err(failure.into());
    }
    if !stopped.drained {
        bail!("not everything that was received could be processed before the end");
    }
    if let Some(stamped) = stamped? {
        stamped.check_that_all_came()?;
    }
    Ok(outcome)
}

/// Waits for the end: a signal, the time, or the end of all connections. What went wrong, if something
/// has.
fn until_it_ends(options: &Options, running: &Running, teller: &Teller) -> Option<Error> {
    // A time that no clock reaches is none.
    let until = options.run_for.and_then(|limit| Instant::now().checked_add(limit));
    let connections = targets(options).count();
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let is_closed = || teller.closed.load(Ordering::Relaxed) >= connections;
        if left == Some(StdDuration::ZERO) || options.until_closed && is_closed() {
            return None;
        }
        let look_again = if options.until_closed { CLOSED_IS_SEEN_WITHIN } else { A_DAY };
        let wait = left.map_or(look_again, |left| left.min(look_again));
        // Whole milliseconds, and one at least; no wait has more of them than a day.
        let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX).max(1);
        match running.await_termination_or_timeout(Duration::from_millis(wait_ms)) {
            Ok(true) => return None,
            Ok(false) => {}
            Err(e) => return Some(e),
        }
    }
}

fn print(options: &Options, summary: &Summary) -> Result<()> {
    let text = summary.to_string();
    stdout::print_json_or_text(options.json, summary, text.trim_end_matches('\n'))
}

/// What the figures are worth, with a sentence about each objective.
fn outcome(options: &Options, summary: &Summary) -> Outcome {
    let judged = judge(options, summary);
    judged.iter().for_each(|met| stderr::tell(format_args!("bench-suite: {}", met.sentence)));
    if let Some(reason) = summary.stamped.as_ref().and_then(StampedSummary::reason_not_valid) {
        stderr::tell(format_args!("bench-suite: {reason}"));
        return Outcome::NotValid;
    }
    match judged.iter().all(|met| met.is_met) {
        true => Outcome::Good,
        false => Outcome::ObjectiveMissed,
    }
}

fn judge(options: &Options, summary: &Summary) -> Vec<Met> {
    let figures = summary.figures();
    let judge = |objective: &Objective| objective.judge(&figures);
    let judged: loadgen::Result<_> = options.objectives.iter().map(judge).collect();
    judged.unwrap_or_else(|e| refuse(e))
}

/// Each server as often as it is to be dialled.
fn targets(options: &Options) -> impl Iterator<Item = &String> {
    let times = options.connections;
    options.connect.iter().flat_map(move |target| std::iter::repeat_n(target, times))
}

/// Hears of each batch, tells it, and keeps it for the summary.
struct Teller {
    answers: Answers,
    form: ProgressForm,
    live: Live,
    gathered: Mutex<Gathered>,
    /// Connections that the other end has closed.
    closed: AtomicUsize,
}

struct Told(Arc<Teller>);

impl Teller {
    fn live_end(&self) {
        if self.form == ProgressForm::Live {
            self.live.end();
        }
    }
}

impl Listener for Told {
    fn batch_completed(&self, report: &BatchReport) {
        let teller = &self.0;
        let answer = teller.answers.take(report.batch_time());
        let told = match teller.form {
            ProgressForm::None => Ok(()),
            ProgressForm::Live => teller.live.batch(report, answer.as_ref()),
            ProgressForm::Ndjson => ndjson::batch(report, answer.as_ref()),
        };
        if let Err(e) = told {
            // Nobody reads stderr any more, so there is nobody to tell; the summary still counts
            // the batch.
            drop(e);
        }
        let cpu_seconds = usage::of_this_process().map_or(0.0, |usage| usage.cpu_seconds);
        let mut gathered = teller.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        gathered.add(report, answer.as_ref(), cpu_seconds);
    }

    fn notice(&self, notice: &Notice) {
        if let Notice::Disconnected { reason: None, .. } = notice {
            self.0.closed.fetch_add(1, Ordering::Relaxed);
        }
        let told = match (self.0.form, notice) {
            (ProgressForm::Ndjson, _) => ndjson::notice(notice),
            (ProgressForm::Live, Notice::Listening { address, .. }) => {
                writeln!(std::io::stderr(), "listening on {address}")
            }
            (_, Notice::Warning { .. } | Notice::Stopping) => {
                stderr::tell(format_args!("millstream: {}", in_flags(&notice.to_string())));
                Ok(())
            }
            (ProgressForm::Live | ProgressForm::None, _) => Ok(()),
        };
        // Nobody reads stderr if this fails, so there is nobody to tell; lines come all the same.
        drop(told);
    }
}
