//! What a line depends on beside chance.

/// Where a line stands, and when.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    /// Its number where it is written, from 0.
    pub(super) position: u64,
    /// When it is due, in milliseconds since the epoch; 0 where lines are rendered beforehand.
    pub(super) time_ms: u64,
    /// By how many bytes the lines before it were too long (or too short, if below zero) together.
    pub(super) carried_bytes: isize,
}
