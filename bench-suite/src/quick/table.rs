//! The table of the quick benchmark.

use super::measure::{Measured, Row};

/// Aligned columns, with a line that says what each row was compared with.
pub(super) fn table(measured: &Measured) -> String {
    let head = [
        "workload",
        "M lines/s",
        "MB/s",
        "p50 ms",
        "p99 ms",
        "of ms",
        "CPU s",
        "load CPU s",
        "s/M lines",
        "peak MiB",
        "roof M/s",
        "share",
        "right",
    ];
    let mut rows = vec![head.map(String::from)];
    rows.extend(measured.rows.iter().map(cells));
    let widths: Vec<usize> =
        (0..head.len()).map(|i| rows.iter().map(|row| row[i].len()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        text.push_str(&format!("{:<width$}", row[0], width = widths[0]));
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            text.push_str(&format!("  {cell:>width$}"));
        }
        text.push('\n');
        if number == 0 {
            text.push_str(&"-".repeat(widths.iter().sum::<usize>() + 2 * (widths.len() - 1)));
            text.push('\n');
        }
    }
    text + &format!(
        "\nloopback, received and discarded: {:.0} MB/s. The roof of a workload is a bare loop for that one job, no engine, over \
         the same\nlines in the same run. p50 and p99 are of the processing time of a batch of {} ms. CPU s is the whole process's.\n",
        measured.receive.bytes_per_s / 1e6,
        measured.rows.first().map_or(0, |row| row.job.batch_interval_ms),
    )
}

fn cells(row: &Row) -> [String; 13] {
    let Row { job, load, roof, right } = row;
    [
        job.workload.clone(),
        format!("{:.2}", job.lines_per_s / 1e6),
        format!("{:.0}", job.bytes_per_s / 1e6),
        format!("{:.2}", job.processing_p50_ms),
        format!("{:.2}", job.processing_p99_ms),
        job.batch_interval_ms.to_string(),
        format!("{:.2}", job.usage.cpu_seconds),
        format!("{:.2}", load.usage.cpu_seconds),
        format!("{:.3}", job.usage.cpu_seconds / (job.records as f64 / 1e6)),
        format!("{:.0}", job.usage.peak_memory_bytes as f64 / (1 << 20) as f64),
        format!("{:.2}", roof.lines_per_s / 1e6),
        format!("{:.2}", row.share_of_roof()),
        if *right { "yes" } else { "NO" }.into(),
    ]
}
