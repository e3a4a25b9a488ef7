//! The table of the windows.

use super::figures::Figures;
use super::operation::Operation;
use crate::aligned::aligned;

/// A table for each operation, and what the columns mean.
pub(super) fn table(figures: &[Figures]) -> String {
    let head =
        ["window / slide", "keys", "entries", "calls", "median", "mean", "p99", "CPU", "right"];
    let mut text = String::new();
    for operation in Operation::ALL {
        let of_it = figures.iter().filter(|figures| figures.operation == operation);
        text.push_str(&format!("{}\n\n", operation.name()));
        text.push_str(&aligned(head, of_it.map(cells)));
        text.push('\n');
    }
    let slides = figures.first().map_or(0, |figures| figures.slides);
    text + &format!(
        "\
keys              in the window's result
entries           partial results that entered the window or left it, a slide
calls             of the functions that the window was given, a slide; - where it was given none
median, mean, p99 time of a slide, from the clock's move until the batch is done
CPU               processor time of a slide, on all cores
right             the results are those of a recomputation from all batches in the window

All over {slides} slides of full windows that took turns.
"
    )
}

fn cells(figures: &Figures) -> [String; 9] {
    let ms = |ms: f64| format!("{ms:.3} ms");
    [
        figures.ratio.to_string(),
        format!("{:.0}", figures.keys),
        format!("{:.0}", figures.entries),
        match figures.operation {
            Operation::Count => "-".into(),
            Operation::Sum | Operation::Max => format!("{:.0}", figures.calls),
        },
        ms(figures.median_ms),
        ms(figures.mean_ms),
        ms(figures.p99_ms),
        ms(figures.cpu_ms),
        if figures.right { "yes" } else { "NO" }.into(),
    ]
}
