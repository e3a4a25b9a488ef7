//! Series that are made up, for tests.

use crate::doctor::Checkup;
use crate::job::Summary;
use crate::machine::Machine;
use crate::series::{Asked, Begun, Done, How, Kept, Kind, Point, Run, Side};

/// A sweep over these points.
pub(super) fn sweep(points: Vec<Point>) -> Asked {
    let how = How { run_for_ms: 2000, warm_up_ms: 1000, stamped: false };
    Asked { points, ..Asked::new(Kind::Sweep, "bench-suite sweep".into(), 2, how) }
}

/// Kept on a machine of two cores.
pub(super) fn kept(asked: Asked, runs: Vec<Done>) -> Kept {
    let machine = Machine {
        processor: "a processor".into(),
        cores: 2,
        memory_mib: 1024,
        kernel: "linux 6".into(),
        version: "0.1.0".into(),
        commit: "abc".into(),
    };
    let begun = Begun {
        machine,
        checkup: Checkup::of_nothing(),
        program: "1".into(),
        at: "2026-11-26T10:00:00Z".into(),
    };
    Kept { asked, begun, runs }
}

/// A run that holds, at 1 M lines/s with a twentieth of the interval for each batch, but for what
/// `change` does.
pub(super) fn ran(point: &Point, turn: usize, change: impl FnOnce(&mut Run)) -> Done {
    let interval_ms = point.batch_ms as f64;
    let job = Summary {
        workload: point.workload.name().into(),
        batch_interval_ms: point.batch_ms,
        parallelism: 2,
        measured_batches: 20,
        measured_records: 2_000_000,
        measured_cpu_seconds: 20.0 * interval_ms / 1e3,
        lines_per_s: 1e6,
        processing_p50_ms: interval_ms * 0.04,
        processing_p95_ms: interval_ms * 0.05,
        processing_p99_ms: interval_ms * 0.06,
        total_delay_p50_ms: interval_ms * 0.04,
        total_delay_p95_ms: interval_ms * 0.05,
        total_delay_p99_ms: interval_ms * 0.06,
        total_delay_max_ms: interval_ms * 0.07,
        ..Summary::default()
    };
    let mut run = Run { job, load: None };
    change(&mut run);
    Done { side: String::new(), point: point.clone(), turn, outcome: Ok(run) }
}

/// A run that came to nothing.
pub(super) fn failed(point: &Point, turn: usize, reason: &str) -> Done {
    Done { side: String::new(), point: point.clone(), turn, outcome: Err(reason.into()) }
}

/// Two sides of one point in so many turns: B takes so many times as much processor time as A, with a
/// little noise.
pub(super) fn comparison(turns: usize, ratio: f64) -> (Asked, Vec<Done>) {
    let point = Point { from_memory_bytes: Some(4 << 20), ..Point::default() };
    let sides = ["A", "B"].map(|name| {
        let name = name.to_string();
        Side { name, build: None, program: None, point: point.clone(), slow: 0.0 }
    });
    let asked = Asked { kind: Kind::Comparison, sides: sides.to_vec(), turns, ..sweep(Vec::new()) };
    let runs = (0..turns).flat_map(|turn| {
        // The machine drifts, and the sides a little against one another.
        let drift = 1.0 + 0.02 * (turn % 5) as f64;
        let noise = 1.0 + 0.004 * (turn % 3) as f64 - 0.004;
        [("A", drift), ("B", drift * ratio * noise)].map(|(side, seconds)| {
            let run = ran(&point, turn, |run| {
                run.job.measured_cpu_seconds = seconds;
                run.job.lines_per_s = 2e6 / seconds;
            });
            Done { side: side.into(), ..run }
        })
    });
    (asked, runs.collect())
}
