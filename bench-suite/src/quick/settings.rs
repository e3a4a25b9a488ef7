//! What settings do to throughput: a word count by batch interval and parallelism, and by window.

use std::thread::available_parallelism;

use serde::Serialize;

use super::Options;
use crate::job::Workload;
use crate::series::{How, Point, Run, sustained};

/// Batches of these lengths, on one task and on one for each core.
const BATCHES_MS: [i64; 3] = [10, 100, 1000];

/// Windows of these lengths, in batches of [`WINDOW_BATCH_MS`].
const WINDOWS_MS: [i64; 3] = [1000, 4000, 12_000];

const WINDOW_BATCH_MS: i64 = 200;

/// Long enough to see what a setting does, and not by how many percent; longer where batches are long.
const HOW: How = How { run_for_ms: 2000, warm_up_ms: 500, stamped: false };

/// A run at one point of settings.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Setting {
    pub(super) point: Point,
    /// What it came to, or why to nothing.
    pub(super) run: Result<Run, String>,
}

impl Setting {
    /// Runs this point. One that comes to nothing costs nobody else's figures.
    pub(super) fn measure(point: &Point) -> Self {
        let run = HOW.run(None, point).map_err(|e| format!("{e:#}"));
        let without_course = |mut run: Run| {
            run.job.course.clear();
            run
        };
        Setting { point: point.clone(), run: run.map(without_course) }
    }

    fn figure(&self, figure: impl Fn(&Run) -> f64) -> Option<f64> {
        self.run.as_ref().ok().map(figure)
    }

    pub(super) fn lines_per_s(&self) -> Option<f64> {
        self.figure(|run| run.job.lines_per_s)
    }

    pub(super) fn cpu_seconds_per_million(&self) -> Option<f64> {
        self.figure(|run| run.job.cpu_seconds_per_million())
    }

    pub(super) fn processing_p50_ms(&self) -> Option<f64> {
        self.figure(|run| run.job.processing_p50_ms)
    }

    pub(super) fn processing_p95_ms(&self) -> Option<f64> {
        self.figure(|run| run.job.processing_p95_ms)
    }

    pub(super) fn is_sustained(&self) -> bool {
        let run = self.run.as_ref().ok();
        run.is_some_and(|run| matches!(sustained(&self.point, run, &[]), Ok(Ok(()))))
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
