//! Looks at the clock until a line's time is over, and counts the line. What it costs is known, so that
//! whoever measures can be measured with it.

use std::time::{Duration, Instant};

use millstream::{DStream, Pipe, Text};

use super::count;
use crate::job::Answers;

pub(super) fn describe<'b, P: Pipe<'b, Item: Text<'b>>>(
    lines: &DStream<'b, P>,
    busy: Duration,
    answers: &Answers,
) {
    let waited = lines.map(move |line| {
        let started = Instant::now();
        while started.elapsed() < busy {}
        line
    });
    count::describe(&waited, answers);
}
