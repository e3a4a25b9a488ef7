//! What has happened to a lane's senders, on its way to the meeting.

use crate::sending::outgoing::Tally;

/// All that has happened since the last time.
#[derive(Default)]
pub(super) struct News {
    /// Lines, each counted once, and all bytes.
    pub(super) sent: Tally,
    /// Lines that were sent once more.
    pub(super) sent_again: u64,
    /// Lines that were acknowledged.
    pub(super) acknowledged: u64,
    /// Connections that have come about.
    pub(super) connected: u64,
    /// Those that have gone, for whatever reason.
    pub(super) disconnected: u64,
    /// Of these, those that were not to.
    pub(super) breaks: u64,
    /// Senders that were answered for the first time, each with the number of its next line.
    pub(super) answered: Vec<(usize, u64)>,
    /// Senders that are done.
    pub(super) done: usize,
    /// Sentences about breaks, and connections that have come back.
    pub(super) sentences: Vec<String>,
    /// Why the run cannot go on, if it cannot.
    pub(super) failure: Option<String>,
}
