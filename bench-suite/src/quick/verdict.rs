//! The table in a sentence, and what to try next.

use super::measure::Measured;
use super::settings::Setting;

/// More than this share of the interval is no headroom.
const FULL_SHARE: f64 = 0.8;

/// What is this share of another rate is little less, as far as one run of each can tell.
const LITTLE_LESS: f64 = 0.8;

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
    text += &of_settings(measured);
    if measured.rows.iter().any(|row| !row.right) {
        text.push_str(
            " THE RESULTS DIFFER from those of the bare loops: do not trust these figures.",
        );
    }
    text + "\nNext: the same with batches of 100 ms, watched as they come:\n    \
            cargo run --release -p loadgen -- serve --listen 127.0.0.1:7777 &\n    \
            cargo run --release -p bench-suite -- job word-count --connect 127.0.0.1:7777 --batch 100ms --for 20s"
}

/// What batch interval, parallelism and window do.
fn of_settings(measured: &Measured) -> String {
    let settings = &measured.by_batch_and_parallelism;
    let mut text = String::new();
    let held = settings.iter().filter(|setting| setting.is_sustained());
    // Of the shortest, the one that takes in the most.
    let shortest = held.min_by(|a, b| {
        let rate = |setting: &Setting| setting.lines_per_s().unwrap_or(0.0);
        let by_batch = a.point.batch_ms.cmp(&b.point.batch_ms);
        by_batch.then_with(|| rate(b).total_cmp(&rate(a)))
    });
    match shortest.and_then(|setting| Some((&setting.point, setting.processing_p95_ms()?))) {
        Some((point, p95_ms)) => {
            let tasks = match point.parallelism {
                Some(1) => ", with one task".to_string(),
                Some(tasks) => format!(", with {tasks} tasks"),
                None => String::new(),
            };
            text += &format!(
                " The shortest batches that hold at full load, of those tried, are of {} ms{tasks}: 95 % of \
                 them are done within {:.0} % of that.",
                point.batch_ms,
                p95_ms / point.batch_ms as f64 * 100.0
            );
        }
        None => text += " None of the batch intervals holds at full load: offer less.",
    }
    let longest_ms = settings.iter().map(|setting| setting.point.batch_ms).max();
    let of_longest: Vec<_> =
        settings.iter().filter(|setting| Some(setting.point.batch_ms) == longest_ms).collect();
    if let [one, .., all] = &of_longest[..]
        && let Some((by_one, by_all)) = one.lines_per_s().zip(all.lines_per_s())
    {
        text += &format!(
            " {} tasks do {:.2} times what one does, the load generator beside them.",
            all.point.parallelism.unwrap_or(1),
            by_all / by_one
        );
    }
    if let [_, short, .., long] = &measured.by_window[..]
        && let Some((by_short, by_long)) = short.lines_per_s().zip(long.lines_per_s())
    {
        let times = by_long / by_short;
        let matters = if times < LITTLE_LESS { "matters" } else { "hardly matters" };
        text += &format!(
            " A window of {} s takes in {times:.2} times what one of {} s does, so its length {matters}.",
            long.point.window_ms.unwrap_or(0) / 1000,
            short.point.window_ms.unwrap_or(0) / 1000,
        );
    }
    text
}
