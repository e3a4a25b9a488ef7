//! What a run tells while it goes on.

/// Something to tell whoever watches the run.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Where the run stands; once a second.
    Tick(&'a Progress),
    /// A sentence about something that happened, such as a client that hung up.
    Note(&'a str),
}

/// Where a run stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// Seconds since the first line was due; times without any client are left out.
    pub seconds: f64,
    /// Lines sent since the start.
    pub records: u64,
    /// Bytes sent since the start.
    pub bytes: u64,
    /// Lines sent per second since the last tick.
    pub lines_per_s: f64,
    /// Megabytes (millions of bytes) sent per second since the last tick.
    pub mb_per_s: f64,
    /// By how much the lines sent lag the lines due at this moment; nothing without a rate.
    pub lag_ms: Option<f64>,
    /// Connections at this moment.
    pub connections: usize,
}
