//! What settings do to throughput: a word count by batch interval and parallelism, and by window.

use std::thread::available_parallelism;

use anyhow::Result;
use serde::Serialize;

use super::Options;
use crate::job::Workload;
use crate::series::{How, Point, Run, sustained};

/// Batches of these lengths, on one task and on one for each core.
const BATCHES_MS: [i64; 3] = [10, 100, 1000];

/// Windows of these lengths, in batches of [`WINDOW_BATCH_MS`].
const WINDOWS_MS: [i64; 3] = [1000, 4000, 12_000];

const WINDOW_BATCH_MS: i64 = 200;

/// Long enough to see what a setting does, and not by how many percent.
const HOW: How = How { run_for_ms: 2000, warm_up_ms: 500, stamped: false };

/// A run at one point of settings.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Setting {
    pub(super) point: Point,
    pub(super) run: Run,
}

impl Setting {
    /// Runs this point.
    pub(super) fn measure(point: &Point) -> Result<Self> {
        let mut run = HOW.run(None, point)?;
        run.job.course.clear();
        Ok(Setting { point: point.clone(), run })
    }

    pub(super) fn lines_per_s(&self) -> f64 {
        self.run.job.lines_per_s
    }

    /// The processing time of 95 % of the batches at most, as a share of the interval.
    pub(super) fn share_of_interval(&self) -> f64 {
        self.run.job.processing_p95_ms / self.point.batch_ms as f64
    }

    pub(super) fn is_sustained(&self) -> bool {
        matches!(sustained(&self.point, &self.run, &[]), Ok(Ok(())))
    }
}

/// A word count at every batch interval and parallelism.
pub(super) fn by_batch_and_parallelism(options: &Options) -> Vec<Point> {
    let cores = available_parallelism().map_or(1, usize::from);
    let tasks = if cores > 1 { vec![1, cores] } else { vec![1] };
    let at = |batch_ms| {
        tasks.iter().map(move |tasks| Point {
            batch_ms,
            parallelism: Some(*tasks),
            ..of(options, Workload::WordCount)
        })
    };
    BATCHES_MS.into_iter().flat_map(at).collect()
}

/// A word count over windows of several lengths, each batch by itself first.
pub(super) fn by_window(options: &Options) -> Vec<Point> {
    let windows = WINDOWS_MS.into_iter().map(|window_ms| Point {
        batch_ms: WINDOW_BATCH_MS,
        window_ms: Some(window_ms),
        ..of(options, Workload::WindowedWordCountInverse)
    });
    let no_window = Point { batch_ms: WINDOW_BATCH_MS, ..of(options, Workload::WordCount) };
    [no_window].into_iter().chain(windows).collect()
}

/// About how long these take.
pub(super) fn seconds(points: &[Point]) -> u64 {
    points.iter().map(|point| HOW.time(point)).sum::<std::time::Duration>().as_secs()
}

fn of(options: &Options, workload: Workload) -> Point {
    let (connections, keys) = (options.connections, options.vocabulary);
    Point { workload, connections, keys, ..Point::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_settings_can_be_run_and_take_less_than_two_minutes() {
        let options = Options::default();
        let points = [by_batch_and_parallelism(&options), by_window(&options)].concat();
        assert!(points.iter().all(|point| point.refused().is_none()));
        assert!(seconds(&points) < 120, "{}", seconds(&points));
    }
}
