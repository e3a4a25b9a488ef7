//! A series for a terminal: a table that lines up, what its columns mean, and the verdict.

use textwrap::{Options, fill};

use super::chapter::{Chapter, value_text};
use super::figure::{Figure, Percentile};
use super::spot::{Spot, State};
use super::verdict::verdicts;
use crate::aligned::aligned_rows;
use crate::chart::digits;

/// As wide as sentences become.
const COLUMNS: usize = 100;

/// Where a topic's sentences begin.
const INDENT: &str = "                ";

/// All of it.
pub(super) fn text(chapter: &Chapter<'_>) -> String {
    format!("{}{}{}", points(chapter), legend(chapter), verdict(chapter))
}

/// What came out, in a line.
pub(super) fn headline(chapter: &Chapter<'_>) -> String {
    let axes: Vec<&str> = chapter.varied.iter().map(|axis| axis.name()).collect();
    let of = if axes.is_empty() { String::new() } else { format!(" of {}", axes.join(" x ")) };
    let held: Vec<&Spot<'_>> = chapter.spots.iter().filter(|spot| spot.holds()).collect();
    let rated = held.iter().filter_map(|spot| Some((spot.median(Figure::Rate)?, *spot)));
    let best = rated.max_by(|a, b| a.0.total_cmp(&b.0));
    let rate = |rate| Figure::Rate.written(rate);
    match (&chapter.spots[..], best) {
        ([one], best) => match best.map(|(rate, _)| rate).or(one.median(Figure::Rate)) {
            None => "no run came to anything".into(),
            Some(value) if held.is_empty() => format!("{}, not sustained", rate(value)),
            Some(value) => format!("{}, sustained", rate(value)),
        },
        (points, None) => format!("{} points{of}: none sustained in all runs", points.len()),
        (points, Some((value, spot))) => format!(
            "{} points{of}: {} sustained in all runs, the most {} ({})",
            points.len(),
            held.len(),
            rate(value),
            chapter.full_name_of(spot)
        ),
    }
}

fn points(chapter: &Chapter<'_>) -> String {
    let late = chapter.lateness(Percentile::P99);
    let mut head: Vec<String> = chapter.varied.iter().map(ToString::to_string).collect();
    let figures = ["M lines/s", "from", "to", "CPU s/M", "p95/interval"].map(String::from);
    head.extend(figures);
    head.extend([late.name(), "runs".into(), "sustained".into()]);
    let rows: Vec<Vec<String>> =
        chapter.spots.iter().map(|spot| row(chapter, spot, late)).collect();
    aligned_rows(head, &rows, chapter.varied.len())
}

fn row(chapter: &Chapter<'_>, spot: &Spot<'_>, late: Figure) -> Vec<String> {
    let axes = chapter.varied.iter();
    let mut cells: Vec<String> =
        axes.map(|axis| value_text(axis.of(spot.point).as_deref())).collect();
    let rate = spot.spread(Figure::Rate);
    let number = |value: Option<f64>| value.map_or("-".into(), digits);
    cells.extend([rate.map(|r| r.median), rate.map(|r| r.least), rate.map(|r| r.most)].map(number));
    cells.push(number(spot.median(Figure::CpuPerMillion)));
    let has_interval = spot.point.from_memory_bytes.is_none();
    let share = spot.median(Figure::Processing(Percentile::P95)).filter(|_| has_interval);
    let percent = share.map(|ms| format!("{:.1} %", ms / spot.point.batch_ms as f64 * 100.0));
    cells.push(percent.unwrap_or_else(|| "-".into()));
    cells.push(spot.median(late).map_or("-".into(), |value| late.written(value)));
    cells.push(spot.runs.len().to_string());
    cells.push(match spot.state() {
        State::HoldsIn(held) => format!("{held} of {}", spot.attempts()),
        _ => spot.held(),
    });
    cells
}

fn legend(chapter: &Chapter<'_>) -> String {
    let late = chapter.lateness(Percentile::P99);
    let of_lines = matches!(late, Figure::Latency(_));
    let meaning = match of_lines {
        true => "from the moment at which a line was due to its batch's result",
        false => "how old the oldest line of a batch is at its result: interval and total delay",
    };
    format!(
        "
M lines/s        taken in and processed: the median of the runs, the least, the most
CPU s/M          processor seconds of the workload's process for a million lines
p95/interval     the processing time of 95 % of the batches at most, as a share of the interval
{:<15}  {meaning}
sustained        whether it could have gone on for ever: 95 % of the batches within the interval, delays
                 that do not grow, all that was offered taken in, and out again

All runs: {}
",
        late.name(),
        super::table::common(chapter)
    )
}

fn verdict(chapter: &Chapter<'_>) -> String {
    let mut text = String::new();
    for verdict in verdicts(chapter) {
        text += "\n";
        if !verdict.subject.is_empty() {
            text += &format!("{}\n", verdict.subject);
        }
        for (topic, sentence) in &verdict.findings {
            let first = format!("{:<width$}", topic.name(), width = INDENT.len());
            let options = Options::new(COLUMNS).initial_indent(&first).subsequent_indent(INDENT);
            text += &(fill(sentence, options) + "\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::made::{kept, ran, sweep};
    use crate::series::Point;

    #[test]
    fn the_table_lines_up_and_the_verdict_is_no_wider_than_a_page() {
        let at = |batch_ms| Point { batch_ms, ..Point::default() };
        let runs = vec![
            ran(&at(100), 0, |_| ()),
            ran(&at(100), 1, |run| run.job.lines_per_s = 3e6),
            ran(&at(10), 0, |run| run.job.processing_p95_ms = 20.0),
        ];
        let kept = kept(sweep(vec![at(100), at(10)]), runs);
        let chapter = Chapter::new(Path::new("s"), &kept);
        let text = text(&chapter);
        let table: Vec<&str> = text.lines().take(4).collect();
        assert!(table.iter().all(|line| line.len() == table[0].len()), "{text}");
        assert!(table[3].starts_with("10ms") && table[3].contains("200.0 %"), "{text}");
        assert!(text.lines().skip(4).all(|line| line.chars().count() <= COLUMNS + 10), "{text}");
        assert!(text.contains("\nTry next        "), "{text}");
        let headline = headline(&chapter);
        let expected =
            "2 points of batch: 1 sustained in all runs, the most 2.00 M lines/s (batch 100ms)";
        assert_eq!(headline, expected);
    }
}
