//! The table of the latencies, which is Markdown too.

use loadgen::Percentiles;

use super::measure::Run;

const HEAD: &str = "\
| batches | p50 | p90 | p99 | p99.9 | p99.99 | max | raw p50 | raw p99 | CPU s per M | load's own lag p99 |
|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
";

/// Of each batch interval's runs the one with the middle median, the longest interval first.
fn middle_runs(runs: &[Run]) -> Vec<&Run> {
    let mut intervals: Vec<i64> = runs.iter().map(|run| run.job.batch_interval_ms).collect();
    intervals.sort_unstable_by(|a, b| b.cmp(a));
    intervals.dedup();
    let middle = |interval_ms| {
        let mut of_it: Vec<&Run> =
            runs.iter().filter(|run| run.job.batch_interval_ms == interval_ms).collect();
        of_it.sort_by(|a, b| a.median_ms().total_cmp(&b.median_ms()));
        of_it[of_it.len() / 2]
    };
    intervals.into_iter().map(middle).collect()
}

/// How late one record of a hundred is, by batch interval.
pub(super) fn headline(runs: &[Run]) -> String {
    let (workload, schedule) = runs
        .first()
        .map_or(("", ""), |run| (run.job.workload.as_str(), run.load.sent.schedule.as_str()));
    let p99s = middle_runs(runs).into_iter().map(|run| {
        let p99_ms = run.stamped.latency_ms.unwrap_or_default().p99;
        format!("{p99_ms:.0} ms in batches of {} ms", run.job.batch_interval_ms)
    });
    let p99s: Vec<String> = p99s.collect();
    format!("{workload} at {schedule} lines/s, p99 {}", p99s.join(", "))
}

/// A row for each batch interval: that of its runs with the middle median.
pub(super) fn table(runs: &[Run]) -> String {
    let mut text = HEAD.to_owned();
    middle_runs(runs).into_iter().for_each(|run| text.push_str(&row(run)));
    let workload = runs.first().map_or("", |run| &run.job.workload);
    let (schedule, records) =
        runs.first().map_or(("", 0), |run| (run.load.sent.schedule.as_str(), run.stamped.measured));
    text + &format!(
        "
{workload} at {schedule} lines/s, {records} records a run. Milliseconds from the moment at which a
record was due until the result of its batch is out; raw: from the one at which it was sent. Of several
runs of a batch interval, the one with the middle p50.
"
    )
}

fn row(run: &Run) -> String {
    let Percentiles { p50, p90, p99, p99_9, p99_99, max, .. } =
        run.stamped.latency_ms.unwrap_or_default();
    let raw = run.stamped.raw_latency_ms.unwrap_or_default();
    let cpu_s_per_m = run.job.usage.cpu_seconds / (run.job.records as f64 / 1e6);
    let lag_p99 = run.load.sent.raw_lag_ms.unwrap_or_default().p99;
    let ms = |ms: f64| format!("{ms:.1} |");
    let figures: Vec<String> = [p50, p90, p99, p99_9, p99_99, max, raw.p50, raw.p99].map(ms).into();
    let interval_ms = run.job.batch_interval_ms;
    format!("| {interval_ms} ms | {} {cpu_s_per_m:.2} | {lag_p99:.1} |\n", figures.join(" "))
}
