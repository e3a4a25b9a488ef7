//! What can go wrong, in sentences that say what to do, with the numbers.

use std::fmt;

use crate::time::{Duration, Time};

/// Any error of a user's closure.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The result of the engine's own calls.
pub type Result<T = (), E = Error> = std::result::Result<T, E>;

/// Every way in which a call of this crate can fail.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An interval that is zero or negative.
    #[error("the {what} is {got}; it must be at least 1 ms")]
    NotPositive {
        /// Which interval.
        what: &'static str,
        /// What was given.
        got: Duration,
    },
    /// A duration that does not fit whole milliseconds.
    #[error(transparent)]
    FractionalMillis(#[from] crate::time::FractionalMillis),
    /// A batch interval that the block interval does not divide.
    #[error(
        "the batch interval of {batch} is not a whole multiple of the block interval of {block}; \
         choose a block interval that divides it, or leave it out"
    )]
    NotAMultiple {
        /// The batch interval.
        batch: Duration,
        /// The block interval.
        block: Duration,
    },
    /// A setting out of its range.
    #[error("{setting} is {got}; it must be {want}")]
    Setting {
        /// Which setting.
        setting: &'static str,
        /// What was given.
        got: String,
        /// What is allowed.
        want: String,
    },
    /// A master that is neither `local`, `local[N]` nor `local[*]`.
    #[error(
        "the master is {got:?}; it must be `local`, `local[N]` with N of at least 1, or `local[*]` for every core"
    )]
    Master {
        /// What was given.
        got: String,
    },
    /// `start` on a graph that would do nothing.
    #[error(
        "no output operation is registered, so nothing would run; \
         end at least one stream in print(), for_each_rdd() or another output"
    )]
    NoOutput,
    /// A second `start`.
    #[error("this context was already started; build a new StreamingContext for another run")]
    AlreadyStarted,
    /// A start after a stop.
    #[error("this context is stopped and cannot be started again; build a new StreamingContext")]
    AlreadyStopped,
    /// A wait or stop from inside an output operation would wait for itself.
    #[error(
        "{call} was called from inside an output operation or a task and would wait for itself; call it from another thread"
    )]
    FromInside {
        /// The call.
        call: &'static str,
    },
    /// The setup closure failed.
    #[error("the setup of the streams failed: {reason}")]
    Setup {
        /// What it said.
        reason: String,
    },
    /// A batch whose output failed, after its retries.
    #[error("batch {time} failed in output {output} ({name}): {reason}")]
    BatchFailed {
        /// The batch.
        time: Time,
        /// The output operation's number, in order of registration.
        output: usize,
        /// Its name.
        name: String,
        /// What went wrong.
        reason: String,
    },
    /// A source that has lost records.
    #[error("batch {time}: {source_name} could not give all of its records: {reason}")]
    Source {
        /// The batch.
        time: Time,
        /// The source's name.
        source_name: String,
        /// What is missing, and why.
        reason: String,
    },
    /// Not enough file descriptors for the connections that were asked for.
    #[error(
        "{wanted} connections need {needed} file descriptors, but the hard limit of this process is {hard}; \
         raise it (`ulimit -Hn {needed}`) or lower Conf::max_connections"
    )]
    Descriptors {
        /// Connections asked for.
        wanted: u64,
        /// Descriptors that takes.
        needed: u64,
        /// The hard limit.
        hard: u64,
    },
    /// An operating system error.
    #[error("{what}: {reason}")]
    Io {
        /// What was tried.
        what: String,
        /// The system's answer.
        reason: String,
    },
    /// A wait that passed its deadline.
    #[error("{what} took longer than {limit}")]
    Deadline {
        /// What was waited for.
        what: String,
        /// For how long.
        limit: Duration,
    },
}

/// The sentence, so that a `main` that returns a `Result` ends with it.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error {
    pub(crate) fn io(what: impl Into<String>, error: &std::io::Error) -> Self {
        Error::Io { what: what.into(), reason: error.to_string() }
    }
}
