//! The tables of the generator.

use super::measure::{FullSpeed, Measured, Turn};
use crate::aligned::aligned;
use crate::role::LoadDone;

/// Rates held, then full speed beside a bare sender.
pub(super) fn table(measured: &Measured) -> String {
    let head = [
        "asked", "held", "off by", "lag p50", "p90", "p99", "p99.9", "p99.99", "max", "CPU s",
        "valid",
    ];
    let held = aligned(head, measured.held.iter().map(held_cells));
    let head = ["turn", "generator MB/s", "bare MB/s", "ratio", "CPU s per GB", "bare"];
    let turns = measured.turns.iter().enumerate().map(|(nth, turn)| {
        [
            (nth + 1).to_string(),
            format!("{:.0}", turn.generator.bytes_per_s / 1e6),
            format!("{:.0}", turn.bare.bytes_per_s / 1e6),
            format!("{:.3}", turn.generator.bytes_per_s / turn.bare.bytes_per_s),
            format!("{:.3}", cpu_s_per_gb(&turn.generator)),
            format!("{:.3}", cpu_s_per_gb(&turn.bare)),
        ]
    });
    let full_speed = aligned(head, turns);
    format!(
        "{held}
asked, held   lines per second
lag           milliseconds from the moment at which a line was due until it was handed to the system
CPU s         processor seconds of the generator

{full_speed}
At full speed the generator reaches {:.3} of the bare sender, in the middle of {} turns.
",
        median_ratio(measured),
        measured.turns.len(),
    )
}

/// How near it comes to a bare sender, and whether the rates were held.
pub(super) fn headline(measured: &Measured) -> String {
    let held = measured.held.iter().filter(|done| done.sent.valid).count();
    format!(
        "{:.3} of a bare sender at full speed; {held} of {} rates held",
        median_ratio(measured),
        measured.held.len()
    )
}

fn held_cells(done: &LoadDone) -> [String; 11] {
    let LoadDone { sent, usage } = done;
    let lag = sent.lag_ms.unwrap_or_default();
    let asked = sent.rate_asked_lines_per_s.unwrap_or(0.0);
    let ms = |ms: f64| format!("{ms:.2}");
    [
        format!("{asked:.0}"),
        format!("{:.0}", sent.rate_held_lines_per_s),
        format!("{:.3} %", (sent.rate_held_lines_per_s / asked - 1.0).abs() * 100.0),
        ms(lag.p50),
        ms(lag.p90),
        ms(lag.p99),
        ms(lag.p99_9),
        ms(lag.p99_99),
        ms(lag.max),
        format!("{:.2}", usage.cpu_seconds),
        if sent.valid { "yes" } else { "NO" }.into(),
    ]
}

fn cpu_s_per_gb(sender: &FullSpeed) -> f64 {
    sender.usage.cpu_seconds / (sender.bytes_sent as f64 / 1e9)
}

/// Of an even number, the mean of the two in the middle.
fn median_ratio(measured: &Measured) -> f64 {
    let ratio = |turn: &Turn| turn.generator.bytes_per_s / turn.bare.bytes_per_s;
    let mut ratios: Vec<f64> = measured.turns.iter().map(ratio).collect();
    ratios.sort_by(f64::total_cmp);
    let middle = [ratios.len().saturating_sub(1) / 2, ratios.len() / 2];
    middle.iter().filter_map(|&nth| ratios.get(nth)).sum::<f64>() / 2.0
}
