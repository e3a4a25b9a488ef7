//! Stamped input: how long each record took from the moment at which it was due until its result was
//! out, and whether all of them came.
//!
//! The lines are looked at twice: the workload gets what was stamped, without the stamps, and a
//! stage of its own reads the stamps while blocks come in ([`Seen`]). At the batch's turn that
//! stage's output comes after the workload's, so that the moment it looks at the clock is the one at
//! which the results are out ([`Recorder`]).

mod recorder;
mod seen;
mod summary;

use loadgen::body_of;
use millstream::{DStream, Pipe, Replay, Scope, Text};

pub(super) use recorder::Recorder;
use seen::Seen;
pub use summary::StampedSummary;

use super::{Answers, Options, Workload, workload};

/// Describes the workload over what was stamped, and behind it the stage that reads the stamps.
pub(super) fn describe<'b, P: Replay<'b, Item: Text<'b>>>(
    options: &Options,
    s: &Scope<'b>,
    sources: &[DStream<'b, P>],
    answers: &Answers,
    recorder: &Recorder,
) {
    let is_measuring_alone = options.workload == Workload::Latency;
    if !is_measuring_alone {
        let bodies = sources.iter().map(|lines| lines.flat_map(|line| body_of(line.text())));
        let bodies: Vec<_> = bodies.collect();
        workload::describe(options, s, &bodies, answers);
    }
    // With a slide, results come with every so many batches; else a batch without one has failed.
    let is_windowed = options.flags.slide.is_some();
    let lines = s.union(sources.iter().cloned());
    read_stamps(&lines, answers, recorder, is_measuring_alone, is_windowed);
}

/// What the batch's tasks have seen goes to the recorder, once the workload has its results; a
/// window's come with the window.
fn read_stamps<'b, P: Pipe<'b, Item: Text<'b>>>(
    lines: &DStream<'b, P>,
    answers: &Answers,
    recorder: &Recorder,
    is_measuring_alone: bool,
    is_windowed: bool,
) {
    let (answers, recorder) = (answers.clone(), recorder.clone());
    let seen = lines.map(|line| ((), line.text())).combine_by_key(
        |line| {
            let mut seen = Box::<Seen>::default();
            seen.see(line.as_bytes());
            seen
        },
        |mut seen, line| {
            seen.see(line.as_bytes());
            seen
        },
        |mut seen, other| {
            seen.merge(&other);
            seen
        },
    );
    seen.for_each_rdd(move |rdd, time| {
        let seen = rdd.collect().into_iter().map(|((), seen)| *seen);
        recorder.take_in(seen);
        if is_measuring_alone || answers.has(time) {
            let found = recorder.results_are_out();
            answers.add(time, found);
        } else if !is_windowed {
            recorder.results_will_not_come();
        }
    });
}
