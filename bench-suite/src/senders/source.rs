//! How stamped lines come to a job.

use clap::ValueEnum;

/// How the lines come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Source {
    /// By the acknowledging line protocol: what is not acknowledged is sent again
    Acknowledged,
    /// Over plain TCP: what was sent and not yet logged is lost
    Tcp,
}
