//! What a run tells while it goes on.

use crate::latency::Latency;

/// Something to tell whoever watches the run.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Where the run stands; once a second, and once more at its end.
    Tick(&'a Progress),
    /// A sentence about something that happened, such as a client that hung up.
    Note(&'a str),
}

/// Where a run stands.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Seconds since the schedule's start; times without any client are left out.
    pub seconds: f64,
    /// Of these, how many have passed since the last tick.
    pub interval_s: f64,
    /// Lines sent since the start.
    pub records: u64,
    /// Bytes sent since the start.
    pub bytes: u64,
    /// Of the lines sent, those that are acknowledged; nothing where lines are not.
    pub acknowledged: Option<u64>,
    /// Lines that are due since the start; nothing without a schedule.
    pub due: Option<u64>,
    /// Lines sent per second since the last tick.
    pub lines_per_s: f64,
    /// Megabytes (millions of bytes) sent per second since the last tick.
    pub mb_per_s: f64,
    /// By how much the lines sent lag the lines due at this moment; nothing without a rate.
    pub lag_ms: Option<f64>,
    /// How late the lines were that were sent since the last tick; none counts without a rate, or
    /// while it warms up.
    pub lag: Latency,
    /// Connections at this moment.
    pub connections: usize,
    /// Whether the run still warms up.
    pub is_warm_up: bool,
    /// Whether the run has ended.
    pub is_last: bool,
}
