//! Which row is measured when: one after the other, the two sides of each in turn.

use std::time::Duration;

use super::figures::Figures;
use super::rows::{Row, Setting};
use crate::stderr;
use crate::turns::{Plan, take};

pub(super) fn all(rows: &[&Row], setting: &Setting, plan: Plan, machine: &str) -> Vec<Figures> {
    let expected = |rows: &[&Row]| -> Duration {
        rows.iter().map(|row| (setting.run_for + row.beside) * 2 * plan.turns as u32).sum()
    };
    stderr::tell(format_args!(
        "{} rows, {} turns each, {} in all; the machine should do nothing else",
        rows.len(),
        plan.turns,
        about(expected(rows))
    ));
    let mut figures = Vec::new();
    for (n, row) in rows.iter().enumerate() {
        let later = expected(&rows[n + 1..]);
        let mut sides = (row.sides)(setting);
        let taken = take(plan, &mut sides, |run| {
            let outcome = match run.outcome {
                Ok(run) => format!("{:.2} M records/s", run.records_per_s / 1e6),
                Err(reason) => format!("FAILED: {reason}"),
            };
            stderr::tell(format_args!(
                "{}/{} {}  turn {}/{}  {}: {outcome}; {} left",
                n + 1,
                rows.len(),
                row.name,
                run.turn,
                plan.turns,
                run.side,
                about(run.left + later)
            ));
        });
        let row = Figures::of(row, &taken, machine);
        stderr::tell(format_args!(
            "{}: {}: {}",
            row.row,
            row.verdict.said.name(),
            row.verdict.reason
        ));
        figures.push(row);
    }
    figures
}

/// A time to wait, as precise as anybody wants to know it.
fn about(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("about {seconds} s"),
        seconds => format!("about {} min", (seconds + 30) / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_times_are_told_in_minutes() {
        let told = [0, 119, 120, 149, 150].map(|seconds| about(Duration::from_secs(seconds)));
        assert_eq!(told, ["about 0 s", "about 119 s", "about 2 min", "about 2 min", "about 3 min"]);
    }
}
