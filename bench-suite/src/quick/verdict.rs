//! The table in a sentence, and what to try next.

use super::measure::Measured;

/// More than this share of the interval is no headroom.
const FULL_SHARE: f64 = 0.8;

/// The rates in a line.
pub(super) fn headline(measured: &Measured) -> String {
    format!("{}, load generator included", rates(measured))
}

fn rates(measured: &Measured) -> String {
    let rates: Vec<String> = measured
        .rows
        .iter()
        .map(|row| format!("{:.1} M lines/s of {}", row.job.lines_per_s / 1e6, row.job.workload))
        .collect();
    rates.join(", ") + " in batches of a second"
}

pub(super) fn verdict(measured: &Measured) -> String {
    let mut text = format!("This machine, load generator included, holds {}.", rates(measured));
    let slowest = measured
        .rows
        .iter()
        .map(|row| {
            (row.job.processing_p99_ms / row.job.batch_interval_ms as f64, &row.job.workload)
        })
        .max_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((share, workload)) = slowest {
        if share > FULL_SHARE {
            text.push_str(&format!(
                " {workload} has no headroom: its slowest batches take {:.0} % of the interval.",
                share * 100.0
            ));
        } else {
            text.push_str(&format!(
                " Its slowest batches ({workload}) take {:.1} % of the interval, so shorter batches will hold too.",
                share * 100.0
            ));
        }
    }
    if measured.rows.iter().any(|row| !row.right) {
        text.push_str(
            " THE RESULTS DIFFER from those of the bare loops: do not trust these figures.",
        );
    }
    text + "\nNext: the same with batches of 100 ms, watched as they come:\n    \
            cargo run --release -p loadgen -- serve --listen 127.0.0.1:7777 &\n    \
            cargo run --release -p bench-suite -- job word-count --connect 127.0.0.1:7777 --batch 100ms --for 20s"
}
