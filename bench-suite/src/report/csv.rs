//! A row for each run, for other programs.

use anyhow::{Context, Result};

use super::chapter::Chapter;
use super::spot::reason_behind;
use crate::series::{Asked, Done, Point, Run};

const HEADS: [&str; 42] = [
    "series",
    "side",
    "workload",
    "batch_ms",
    "block_ms",
    "window_ms",
    "slide_ms",
    "parallelism",
    "connections",
    "keys",
    "rate",
    "from_memory_bytes",
    "turn",
    "failed",
    "sustained",
    "reason",
    "measured_batches",
    "failed_batches",
    "records",
    "measured_records",
    "lines_per_s",
    "bytes_per_s",
    "cpu_s",
    "cpu_s_per_million_lines",
    "peak_memory_bytes",
    "processing_p50_ms",
    "processing_p95_ms",
    "processing_p99_ms",
    "scheduling_delay_max_ms",
    "scheduling_delay_slope_ms_per_s",
    "total_delay_p50_ms",
    "total_delay_p95_ms",
    "total_delay_p99_ms",
    "total_delay_max_ms",
    "early_share",
    "latency_p50_ms",
    "latency_p90_ms",
    "latency_p99_ms",
    "latency_max_ms",
    "load_records",
    "load_cpu_s",
    "load_valid",
];

/// All runs of all series.
pub(super) fn csv(chapters: &[Chapter<'_>]) -> Result<String> {
    let mut rows = csv::Writer::from_writer(Vec::new());
    rows.write_record(HEADS)?;
    for chapter in chapters {
        for done in &chapter.kept.runs {
            let mut row = settings(&chapter.name, done);
            match &done.outcome {
                Ok(run) => row.extend(figures(&chapter.kept.asked, &done.point, run)),
                Err(reason) => {
                    row.extend(["yes".into(), String::new(), reason.clone()]);
                    row.resize(HEADS.len(), String::new());
                }
            }
            rows.write_record(row)?;
        }
    }
    let bytes = rows.into_inner().context("rows in memory take what they are given")?;
    String::from_utf8(bytes).context("what was written as text is text")
}

fn settings(series: &str, done: &Done) -> Vec<String> {
    let Point {
        workload,
        batch_ms,
        block_ms,
        window_ms,
        slide_ms,
        parallelism,
        connections,
        keys,
        rate,
        from_memory_bytes,
    } = &done.point;
    vec![
        series.into(),
        done.side.clone(),
        workload.name().into(),
        batch_ms.to_string(),
        or_nothing(*block_ms),
        or_nothing(*window_ms),
        or_nothing(*slide_ms),
        or_nothing(*parallelism),
        connections.to_string(),
        keys.to_string(),
        rate.clone(),
        or_nothing(*from_memory_bytes),
        (done.turn + 1).to_string(),
    ]
}

fn figures(asked: &Asked, point: &Point, run: &Run) -> Vec<String> {
    let Run { job, load } = run;
    let behind = reason_behind(asked, point, run);
    let latency = job.stamped.as_ref().and_then(|stamped| stamped.latency_ms);
    let yes_or_no = |is: bool| if is { "yes" } else { "no" }.to_string();
    let load = load.as_ref();
    vec![
        "no".into(),
        yes_or_no(behind.is_none()),
        behind.unwrap_or_default(),
        job.measured_batches.to_string(),
        job.failed.to_string(),
        job.records.to_string(),
        job.measured_records.to_string(),
        job.lines_per_s.to_string(),
        job.bytes_per_s.to_string(),
        job.measured_cpu_seconds.to_string(),
        or_nothing(Some(job.cpu_seconds_per_million()).filter(|seconds| seconds.is_finite())),
        job.usage.peak_memory_bytes.to_string(),
        job.processing_p50_ms.to_string(),
        job.processing_p95_ms.to_string(),
        job.processing_p99_ms.to_string(),
        job.scheduling_delay_max_ms.to_string(),
        or_nothing(job.scheduling_delay_slope_ms.map(|slope| slope.per_s)),
        job.total_delay_p50_ms.to_string(),
        job.total_delay_p95_ms.to_string(),
        job.total_delay_p99_ms.to_string(),
        job.total_delay_max_ms.to_string(),
        job.early_share.to_string(),
        or_nothing(latency.map(|latency| latency.p50)),
        or_nothing(latency.map(|latency| latency.p90)),
        or_nothing(latency.map(|latency| latency.p99)),
        or_nothing(latency.map(|latency| latency.max)),
        or_nothing(load.map(|load| load.sent.records)),
        or_nothing(load.map(|load| load.usage.cpu_seconds)),
        load.map_or_else(String::new, |load| yes_or_no(load.sent.valid)),
    ]
}

fn or_nothing(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::made::{failed, kept, ran, sweep};

    #[test]
    fn every_run_has_a_row_whatever_its_texts() {
        let point = Point::default();
        let late = |run: &mut Run| run.job.processing_p95_ms = 1500.0;
        let runs = vec![
            ran(&point, 0, |_| ()),
            ran(&point, 1, late),
            failed(&point, 2, "it said \"no\",\nand ended"),
        ];
        let kept = kept(sweep(vec![]), runs);
        let text = csv(&[Chapter::new(Path::new("a, b"), &kept)]).unwrap();
        assert!(
            text.contains("\"a, b\",,word-count,1000,,,,,2,10000,max,,1,no,yes,,20,"),
            "{text}"
        );
        let mut read = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<csv::StringRecord> = read.records().map(Result::unwrap).collect();
        assert!(rows.len() == 3 && rows.iter().all(|row| row.len() == HEADS.len()));
        let at = |head: &str| HEADS.iter().position(|other| *other == head).unwrap();
        assert_eq!(&rows[1][at("sustained")], "no");
        assert!(rows[1][at("reason")].starts_with("a twentieth of the batches"));
        assert_eq!(&rows[2][at("reason")], "it said \"no\",\nand ended");
        assert_eq!((&rows[0][at("lines_per_s")], &rows[2][at("lines_per_s")]), ("1000000", ""));
    }
}
