//! The tables of the quick benchmark.

use super::measure::{Measured, Row};
use super::settings::Setting;
use crate::aligned::{aligned, aligned_rows};
use crate::series::Axis;

/// All of them: the workloads, and what settings do.
pub(super) fn tables(measured: &Measured) -> String {
    format!(
        "{}\nM lines/s of a word count, by batch interval and parallelism (* not sustained):\n\n{}\n\
         A word count over windows, in batches of {} ms, with the inverse:\n\n{}",
        table(measured),
        by_batch_and_parallelism(&measured.by_batch_and_parallelism),
        measured.by_window.first().map_or(0, |setting| setting.point.batch_ms),
        by_window(&measured.by_window),
    )
}

/// A row for each batch interval, a column for each number of tasks.
fn by_batch_and_parallelism(settings: &[Setting]) -> String {
    let mut tasks: Vec<usize> = settings.iter().filter_map(|s| s.point.parallelism).collect();
    tasks.sort_unstable();
    tasks.dedup();
    let mut head = vec!["batch".to_string()];
    head.extend(
        tasks.iter().map(|tasks| format!("{tasks} task{}", if *tasks == 1 { "" } else { "s" })),
    );
    let of_batch = |settings: &[Setting]| {
        let name = Axis::Batch.of(&settings[0].point).unwrap_or_default();
        [name].into_iter().chain(settings.iter().map(rate)).collect()
    };
    let by_batch = settings.chunk_by(|a, b| a.point.batch_ms == b.point.batch_ms);
    aligned_rows(head, &by_batch.map(of_batch).collect::<Vec<_>>(), 1)
}

fn rate(setting: &Setting) -> String {
    let mark = if setting.is_sustained() { ' ' } else { '*' };
    setting.lines_per_s().map_or("failed ".into(), |rate| format!("{:.2}{mark}", rate / 1e6))
}

fn by_window(settings: &[Setting]) -> String {
    let number = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    let row = |setting: &Setting| {
        [
            Axis::Window.of(&setting.point).unwrap_or_else(|| "none".into()),
            rate(setting),
            number(setting.cpu_seconds_per_million().map(|seconds| format!("{seconds:.3}"))),
            number(setting.processing_p50_ms().map(|ms| format!("{ms:.1} ms"))),
            number(setting.processing_p95_ms().map(|ms| format!("{ms:.1} ms"))),
        ]
    };
    aligned(["window", "M lines/s", "CPU s per M", "batch p50", "p95"], settings.iter().map(row))
}

/// Aligned columns, with a line that says what each row was compared with.
fn table(measured: &Measured) -> String {
    let head = [
        "workload",
        "M lines/s",
        "MB/s",
        "batch p50",
        "p99",
        "CPU s",
        "load CPU s",
        "s per M",
        "peak memory",
        "roof M/s",
        "share",
        "right",
    ];
    aligned(head, measured.rows.iter().map(cells)) + &legend(measured)
}

/// What the columns mean, for whoever sees the table for the first time.
fn legend(measured: &Measured) -> String {
    let interval_ms = measured.rows.first().map_or(0, |row| row.job.batch_interval_ms);
    let loopback_mb_per_s = measured.receive.bytes_per_s / 1e6;
    format!(
        "
M lines/s, MB/s    taken in and processed, in batches of {interval_ms} ms
batch p50, p99     processing time of a batch, from its turn to the end of its output
CPU s, load CPU s  processor seconds of the workload's process, and of the load generator's
s per M            processor seconds of the workload for a million lines
roof M/s, share    a bare loop for that one job, no engine, over the same lines in the same run;
                   and how much of it the engine reaches
right              engine and bare loop found the same

Loopback itself, received and discarded: {loopback_mb_per_s:.0} MB/s.
"
    )
}

fn cells(row: &Row) -> [String; 12] {
    let Row { job, load, roof, right } = row;
    [
        job.workload.clone(),
        format!("{:.2}", job.lines_per_s / 1e6),
        format!("{:.0}", job.bytes_per_s / 1e6),
        format!("{:.1} ms", job.processing_p50_ms),
        format!("{:.1} ms", job.processing_p99_ms),
        format!("{:.2}", job.usage.cpu_seconds),
        format!("{:.2}", load.usage.cpu_seconds),
        format!("{:.3}", job.usage.cpu_seconds / (job.records as f64 / 1e6)),
        format!("{:.0} MiB", job.usage.peak_memory_bytes as f64 / (1 << 20) as f64),
        format!("{:.2}", roof.lines_per_s / 1e6),
        format!("{:.2}", row.share_of_roof()),
        if *right { "yes" } else { "NO" }.into(),
    ]
}
