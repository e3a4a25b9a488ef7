//! The table of the rows, its legend, and the verdicts in words.

use super::figures::Figures;
use super::verdict::Said;
use crate::aligned::aligned;
use crate::turns::{CONFIDENCE, Estimate};

pub(super) fn table(figures: &[Figures]) -> String {
    let head = [
        "row",
        "M rec/s",
        "GB/s",
        "beside",
        "M rec/s",
        "GB/s",
        "share",
        "interval",
        "target",
        "CPU s per M",
        "beside",
        "verdict",
    ];
    aligned(head, figures.iter().map(cells)) + &legend()
}

/// What the columns mean, for whoever sees the table for the first time.
fn legend() -> String {
    format!(
        "
M rec/s, GB/s   a side's rate: the median of its runs. Records are lines, pairs, or keys that enter
                a window
beside          what the row is compared with, in turn: the best loop for that one job, with no
                engine, over the same bytes; or another program of the engine
share           of the other side's rate: the median of the turns' ratios
interval        where that median is, chance aside: between two of the ratios by their ranks, {:.0} % sure
target          the least share, or the least M records/s
CPU s per M     processor seconds for a million records, of the row's process alone, and of the one
                beside
",
        CONFIDENCE * 100.0
    )
}

fn cells(row: &Figures) -> [String; 12] {
    let [ours, theirs] = &row.sides;
    let gb_per_s = |bytes_per_s: f64| match bytes_per_s {
        0.0 => "-".into(),
        _ => format!("{:.2}", bytes_per_s / 1e9),
    };
    let interval = |share: &Estimate| {
        share.interval.map(|interval| format!("{:.2}-{:.2}", interval.low, interval.high))
    };
    let targets = [
        row.target.share.map(|share| format!("{share:.2}")),
        row.target.m_records_per_s.map(|rate| format!("{rate:.0} M/s")),
    ];
    [
        row.row.to_string(),
        format!("{:.2}", ours.records_per_s / 1e6),
        gb_per_s(ours.bytes_per_s),
        theirs.name.clone(),
        format!("{:.2}", theirs.records_per_s / 1e6),
        gb_per_s(theirs.bytes_per_s),
        row.share.map_or("-".into(), |share| format!("{:.2}", share.median)),
        row.share.as_ref().and_then(interval).unwrap_or("-".into()),
        targets.into_iter().flatten().collect::<Vec<_>>().join(", "),
        format!("{:.4}", ours.cpu_s_per_m),
        format!("{:.4}", theirs.cpu_s_per_m),
        row.verdict.said.name().into(),
    ]
}

/// The verdicts in a line.
pub(super) fn headline(figures: &[Figures]) -> String {
    let count = |said| figures.iter().filter(|row| row.verdict.said == said).count();
    let mut text = format!("Of {} rows {} met their target", figures.len(), count(Said::Met));
    for (said, words) in [
        (Said::NotMet, "did not"),
        (Said::TooNoisy, "could not be judged, for the machine was too noisy"),
        (Said::Failed, "failed"),
        (Said::Wrong, "FOUND DIFFERENT RESULTS: do not trust their figures"),
    ] {
        if count(said) > 0 {
            text.push_str(&format!(", {} {words}", count(said)));
        }
    }
    text
}

/// The verdicts in words, one sentence for all rows and then one for each that is not met.
pub(super) fn sentences(figures: &[Figures]) -> String {
    let mut text = headline(figures) + ".";
    for row in figures.iter().filter(|row| row.verdict.said != Said::Met) {
        let verdict = &row.verdict;
        text.push_str(&format!("\n{}, {}: {}.", row.row, verdict.said.name(), verdict.reason));
    }
    for row in figures {
        for failure in &row.failures {
            text.push_str(&format!("\n{}, {failure}.", row.row));
        }
    }
    text
}
