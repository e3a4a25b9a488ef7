//! Looks at the clock until a line's time is over, and counts the line. What it costs is known, so that
//! whoever measures can be measured with it.

use std::time::{Duration, Instant};

use millstream::{DStream, Pipe, Text};

use super::count;
use crate::job::Answers;

/// As many readings of the clock are timed.
const READINGS: u32 = 10_000;

pub(super) fn describe<'b, P: Pipe<'b, Item: Text<'b>>>(
    lines: &DStream<'b, P>,
    busy: Duration,
    answers: &Answers,
) {
    // Readings take time: half of one goes by before the first tells the time, half of one after the last
    // has, and in the mean half of one between the moment that is waited for and that one.
    let waited_for = busy.saturating_sub(a_reading() * 3 / 2);
    let waited = lines.map(move |line| {
        let started = Instant::now();
        while started.elapsed() < waited_for {}
        line
    });
    count::describe(&waited, answers);
}

/// How long a reading of the clock takes.
fn a_reading() -> Duration {
    let started = Instant::now();
    let mut last = started;
    for _ in 0..READINGS {
        last = Instant::now();
    }
    (last - started) / READINGS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_short() {
        assert!(a_reading() < Duration::from_micros(100), "{:?}", a_reading());
    }
}
