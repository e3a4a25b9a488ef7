//! What was measured, and what of it is held against a target.

use serde::Serialize;

use crate::latency;
use crate::role::LoadDone;
use crate::ticks::{EmptyBatches, Lateness};

/// An empty batch, from the tick to the end of its output.
const EMPTY_TARGET_US: f64 = 20.0;

/// Of 1 ms batches, those that are late beyond the bare timer's.
const LATE_TARGET_SHARE: f64 = 0.001;

/// From a record sent to its result seen, in 5 ms batches.
const LATENCY_TARGET_MS: f64 = 12.0;

/// A figure and what it is to be.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// What it is of, and which of several runs.
    pub what: &'static str,
    /// As it was measured.
    pub measured: f64,
    /// The most that it may be.
    pub target: f64,
    /// What both are counted in.
    pub unit: &'static str,
}

impl Figure {
    /// Whether it is what it is to be.
    pub fn is_met(&self) -> bool {
        self.measured <= self.target
    }
}

/// All that was measured.
#[derive(Debug, Default, Serialize)]
pub struct Figures {
    /// Batches without records, by run.
    pub empty: Vec<EmptyBatches>,
    /// Batches of 1 ms at 200 k lines/s, by run.
    pub short: Vec<Short>,
    /// Batches of 5 ms at 1 M lines/s, by run.
    latency: Vec<latency::Run>,
}

/// Short batches, and a bare timer at the same time.
#[derive(Debug, Serialize)]
pub struct Short {
    /// How late after their time the batches were done.
    pub batches: Lateness,
    /// How late the timer was.
    pub timer: Lateness,
    /// What was sent meanwhile.
    pub load: LoadDone,
}

impl Short {
    /// The share of batches that were late, less the share of a timer's ticks that were.
    pub fn excess_share(&self) -> f64 {
        self.batches.late_share() - self.timer.late_share()
    }
}

impl Figures {
    pub(super) fn add(&mut self, empty: EmptyBatches, short: Short, latency: latency::Run) {
        self.empty.push(empty);
        self.short.push(short);
        self.latency.push(latency);
    }

    /// An empty batch from its tick to the end of its output, in microseconds: the middle run's
    /// median.
    pub fn empty_from_tick_p50_us(&self) -> f64 {
        middle(self.empty.iter().map(|run| run.from_tick.p50_us))
    }

    /// The same under a clock that is moved by hand, from that move.
    pub fn empty_from_advance_p50_us(&self) -> f64 {
        middle(self.empty.iter().map(|run| run.from_advance.p50_us))
    }

    /// The same from the moment at which the batch was due, the timer's lateness included.
    pub fn empty_from_due_p50_us(&self) -> f64 {
        middle(self.empty.iter().map(|run| run.from_due.p50_us))
    }

    /// The share of late batches beyond a bare timer's, of the best run.
    pub fn late_share_beyond_timer(&self) -> f64 {
        self.short.iter().map(Short::excess_share).fold(f64::INFINITY, f64::min)
    }

    /// From a record sent to its result seen, in milliseconds: the middle run's 99th percentile. A run
    /// without results counts as endless.
    pub fn sent_to_seen_p99_ms(&self) -> f64 {
        let p99 =
            |run: &latency::Run| run.stamped.raw_latency_ms.map_or(f64::INFINITY, |ms| ms.p99);
        middle(self.latency.iter().map(p99))
    }

    /// Each figure beside its target.
    pub fn judged(&self) -> Vec<Figure> {
        let us = |what, measured| Figure { what, measured, target: EMPTY_TARGET_US, unit: "us" };
        vec![
            us("empty batch, tick to output, p50", self.empty_from_tick_p50_us()),
            us("empty batch, clock moved by hand, p50", self.empty_from_advance_p50_us()),
            Figure {
                what: "1 ms batches late beyond a bare timer's, best run",
                measured: self.late_share_beyond_timer() * 100.0,
                target: LATE_TARGET_SHARE * 100.0,
                unit: "%",
            },
            Figure {
                what: "5 ms batches at 1 M lines/s, sent to seen, p99",
                measured: self.sent_to_seen_p99_ms(),
                target: LATENCY_TARGET_MS,
                unit: "ms",
            },
        ]
    }

    /// Why the figures are worth nothing, if they are not.
    pub fn reason_not_valid(&self) -> Option<String> {
        let loads = self.short.iter().find_map(|run| run.load.sent.reason.clone());
        loads.or_else(|| self.latency.iter().find_map(latency::Run::reason_not_valid))
    }
}

/// The middle one; of an even number, the greater of the two in the middle. 0 for none.
fn middle(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(0.0)
}
