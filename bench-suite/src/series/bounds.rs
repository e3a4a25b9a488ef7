//! How much there may be of anything in a point of a series. Beyond these nothing is measured: a run fails, or a
//! file that says so was not written by this program.

use super::Point;

/// A batch, a block or a window is no longer, and is at least one millisecond long.
const MOST_INTERVAL_MS: i64 = 24 * 60 * 60 * 1000;

/// Each has a thread.
const MOST_TASKS: usize = 1024;

/// Each has a thread of its own, and descriptors at both ends.
const MOST_CONNECTIONS: usize = 10_000;

/// As many as the load generator makes.
const MOST_KEYS: usize = 10_000_000;

/// Something that there is too much or too little of.
struct OutOfBounds {
    what: &'static str,
    value: String,
    least: String,
    most: String,
}

impl OutOfBounds {
    fn sentence(&self) -> String {
        let OutOfBounds { what, value, least, most } = self;
        format!("{what} of {value} cannot be: it must lie between {least} and {most}")
    }
}

/// What about a point cannot be, in a sentence.
pub(super) fn impossible(point: &Point) -> Option<String> {
    let interval = |what, ms: Option<i64>| {
        let ms = ms.filter(|ms| !(1..=MOST_INTERVAL_MS).contains(ms))?;
        let most = "24h".into();
        Some(OutOfBounds { what, value: format!("{ms} ms"), least: "1ms".into(), most })
    };
    let count = |what, n: Option<usize>, most: usize| {
        let n = n.filter(|n| !(1..=most).contains(n))?;
        Some(OutOfBounds { what, value: n.to_string(), least: "1".into(), most: most.to_string() })
    };
    interval("a batch", Some(point.batch_ms))
        .or_else(|| interval("a block", point.block_ms))
        .or_else(|| interval("a window", point.window_ms))
        .or_else(|| interval("a slide", point.slide_ms))
        .or_else(|| count("a parallelism", point.parallelism, MOST_TASKS))
        .or_else(|| count("a number of connections", Some(point.connections), MOST_CONNECTIONS))
        .or_else(|| count("a number of keys", Some(point.keys), MOST_KEYS))
        .map(|out| out.sentence())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_told_with_its_bound() {
        let base = Point::default;
        for (point, says) in [
            (Point { batch_ms: 0, ..base() }, "a batch of 0 ms cannot be"),
            (Point { batch_ms: 86_400_001, ..base() }, "between 1ms and 24h"),
            (Point { slide_ms: Some(-1), ..base() }, "a slide of -1 ms"),
            (Point { parallelism: Some(100_000), ..base() }, "between 1 and 1024"),
            (Point { connections: 1_000_000, ..base() }, "connections of 1000000 cannot be"),
            (Point { keys: 0, ..base() }, "a number of keys of 0"),
        ] {
            let told = impossible(&point).unwrap();
            assert!(told.contains(says), "{told}");
        }
        let most = Point { batch_ms: MOST_INTERVAL_MS, keys: MOST_KEYS, ..base() };
        assert_eq!((impossible(&base()), impossible(&most)), (None, None));
    }
}
