//! The table of the figures beside their targets.

use super::figures::{Figure, Figures};
use crate::aligned::aligned;

pub(super) fn table(judged: &[Figure], figures: &Figures) -> String {
    let head = ["figure", "measured", "at most", "met"];
    let short = figures.short.iter().min_by(|a, b| a.excess_share().total_cmp(&b.excess_share()));
    let (batches, timer) = short.map_or((0.0, 0.0), |short| {
        (short.batches.late_share() * 100.0, short.timer.late_share() * 100.0)
    });
    aligned(head, judged.iter().map(cells))
        + &format!(
            "
The tick is the end of the driver's wait; from the moment at which an empty batch was due, half are
out within {:.1} us. A batch of 1 ms is late if its result is out more than a millisecond after its
time: {batches:.3} % were, beside {timer:.3} % of the ticks of a bare timer at the same time. Of several
runs, the middle one is shown, and where it says so the best.
",
            figures.empty_from_due_p50_us()
        )
}

/// The first figure, and how many of all met their target.
pub(super) fn headline(judged: &[Figure]) -> String {
    let met = judged.iter().filter(|figure| figure.is_met()).count();
    let met = format!("{met} of {} figures met their target", judged.len());
    match judged.first() {
        Some(Figure { what, measured, unit, .. }) => format!("{what}: {measured:.1} {unit}; {met}"),
        None => met,
    }
}

fn cells(figure: &Figure) -> [String; 4] {
    let Figure { what, measured, target, unit } = figure;
    [
        (*what).into(),
        format!("{measured:.3} {unit}"),
        format!("{target} {unit}"),
        if figure.is_met() { "yes" } else { "NO" }.into(),
    ]
}
