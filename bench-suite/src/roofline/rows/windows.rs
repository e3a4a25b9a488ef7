//! Rows of windows that slide, batch by batch, over batches in memory. As in a stream at full load,
//! each batch has every key.

use std::time::Duration;

use anyhow::Result;

use super::{Found, Row, Run, Setting, Side, Target};
use crate::usage;
use crate::windows::{Batches, Calls, Operation, Sliding};

const KEYS: usize = 10_000;

/// Batches made in one go, which is not measured.
const AT_ONCE: usize = 50;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "long-window",
        about: "sums by key with the inverse, 10 000 keys, a window of 1000 slides; beside one of 10, \
                the shortest that lets as many keys go",
        // Flat within a tenth.
        target: Target::share(1.0 / 1.1),
        reference: None,
        beside: Duration::from_secs(4),
        sides: |setting| {
            [
                sliding("1000 slides", Operation::Sum, 1000, setting),
                sliding("10 slides", Operation::Sum, 10, setting),
            ]
        },
    },
    Row {
        name: "max-window",
        about: "the largest value by key, 10 000 keys, a window of 100 slides without an inverse; \
                beside sums with the inverse",
        target: Target::share(0.70),
        reference: None,
        beside: Duration::from_secs(2),
        sides: |setting| {
            [
                sliding("max", Operation::Max, 100, setting),
                sliding("sum with inverse", Operation::Sum, 100, setting),
            ]
        },
    },
];

/// A full window, which goes on sliding from turn to turn.
fn sliding(
    name: &str,
    operation: Operation,
    slides: usize,
    setting: &Setting,
) -> Side<'static, Run> {
    let run_for = setting.run_for;
    let mut held = None;
    Side::new(name, move || {
        // One that has failed is not put back.
        let mut window = match held.take() {
            Some(window) => window,
            None => full_window(operation, slides)?,
        };
        let run = slide(&mut window, run_for)?;
        held = Some(window);
        Ok(run)
    })
}

fn full_window(operation: Operation, slides: usize) -> Result<Sliding> {
    let batches = Batches { keys: KEYS, keys_per_batch: KEYS, seed: 1 };
    let mut window = Sliding::start(operation, slides, batches, None, Calls::not_counting())?;
    window.fill()?;
    Ok(window)
}

fn slide(window: &mut Sliding, run_for: Duration) -> Result<Run> {
    let (mut records, mut seconds, mut cpu_seconds) = (0.0, 0.0, 0.0);
    while seconds < run_for.as_secs_f64() {
        window.provide(AT_ONCE);
        let before = usage::of_this_process()?.cpu_seconds;
        for _ in 0..AT_ONCE {
            seconds += window.slide()?.ms / 1e3;
            records += KEYS as f64;
        }
        cpu_seconds += usage::of_this_process()?.cpu_seconds - before;
    }
    Ok(Run {
        records_per_s: records / seconds,
        bytes_per_s: 0.0,
        cpu_s_per_m: cpu_seconds / (records / 1e6),
        found: Found::Recomputed { is_right: window.check()? },
    })
}
