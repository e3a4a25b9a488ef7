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
    /// Two outputs that would write the same folders.
    #[error(
        "outputs {first} and {second} would both write folders {folders}, the second in the place of \
         the first; give one of them another prefix"
    )]
    SameFolders {
        /// How the folders are named.
        folders: String,
        /// The number of the first of the two, in order of registration.
        first: usize,
        /// That of the second.
        second: usize,
    },
    /// Records of a length that could not be received.
    #[error(
        "the records of {stream} are to have {bytes} bytes each; they must have 1 to {most_bytes} bytes \
         (Conf::max_line_bytes sets the most)"
    )]
    RecordLength {
        /// The stream's name.
        stream: String,
        /// The length that was given.
        bytes: usize,
        /// The longest that is allowed.
        most_bytes: usize,
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
    /// A state or a window that could not take a batch in, after its retries. It is as it was before
    /// the batch.
    #[error("batch {time} failed in stage {stage} ({name}): {reason}")]
    StageFailed {
        /// The batch.
        time: Time,
        /// The stage's number, as in `explain`.
        stage: usize,
        /// Its name.
        name: String,
        /// What went wrong.
        reason: String,
    },
    /// A window whose length or slide does not suit the stream that it is over.
    #[error(
        "{operation}: the {what} of {got} is not a whole multiple, at least 1, of the slide of \
         {slide} of the stream that it is over; choose {what}s such as {slide} or {}", *slide * 2
    )]
    Window {
        /// The operation.
        operation: &'static str,
        /// `length` or `slide`.
        what: &'static str,
        /// What was given.
        got: Duration,
        /// How often the stream has a dataset.
        slide: Duration,
    },
    /// Streams brought together of which one has datasets more often than the other.
    #[error(
        "{operation}: one stream slides every {first} and another every {second}; \
         give both the same slide, by windows with that slide"
    )]
    DifferentSlides {
        /// The operation.
        operation: &'static str,
        /// The slide of the first stream.
        first: Duration,
        /// The slide that differs.
        second: Duration,
    },
    /// A window of raw records over a stream that cannot be computed again for a batch that is over.
    #[error(
        "{operation}: `{stream}` depends on state that has moved on, so batches that are over cannot \
         be read again; put the window before the state, or use reduce_by_key_and_window, which \
         keeps results instead of records"
    )]
    NoReplay {
        /// The operation.
        operation: &'static str,
        /// The stream.
        stream: String,
    },
    /// A window of raw records that holds more than the budget, at a storage level that does not use the disk.
    #[error(
        "{source_name}: a window of raw records over {window} keeps the blocks of {batches} batches, \
         which takes {needed} bytes at a slab of {slab_bytes} bytes a batch; the memory budget has \
         {limit} bytes for them; shorten the window, raise Conf::memory_bytes, give the source a storage level \
         that uses the disk, or use reduce_by_key_and_window, which keeps results instead of records"
    )]
    WindowMemory {
        /// The source that the window reads.
        source_name: String,
        /// How long its blocks are kept.
        window: Duration,
        /// How many batches that is.
        batches: u64,
        /// What they take at least, when something arrives for each.
        needed: u64,
        /// The bytes of a slab.
        slab_bytes: u64,
        /// What the budget has for received data.
        limit: u64,
    },
    /// Two operators of one name.
    #[error(
        "two operators are named {name:?}; names tell states apart in a snapshot, so give each its own"
    )]
    SameName {
        /// The name.
        name: String,
    },
    /// A name for something that keeps nothing.
    #[error(
        "named({name:?}) stands behind {stream:?}, which keeps nothing from batch to batch; \
         name windows and stateful operators, directly behind them"
    )]
    NothingToName {
        /// The name.
        name: String,
        /// What was to be named.
        stream: String,
    },
    /// A state, a window, or what a source has given, that cannot be written down.
    #[error("{what} cannot be written down: {reason}")]
    Unwritable {
        /// The operator or source.
        what: String,
        /// Why.
        reason: String,
    },
    /// A snapshot, or a part of it, that this program cannot go on from.
    #[error("{what} cannot be restored: {reason}")]
    Unreadable {
        /// The operator or source, or the whole.
        what: String,
        /// Why.
        reason: String,
    },
    /// A call that needs a stream that runs.
    #[error("{call} needs a stream that runs, and this one has stopped")]
    Stopped {
        /// The call.
        call: &'static str,
    },
    /// An argument that an operation cannot work with.
    #[error("{operation}: {what} is {got}; it must be {want}")]
    Argument {
        /// The operation.
        operation: &'static str,
        /// Which argument.
        what: &'static str,
        /// What was given.
        got: String,
        /// What is allowed.
        want: &'static str,
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
    /// A source that acknowledges what is logged, in a stream that logs nothing.
    #[error(
        "{source_name} acknowledges lines once they are logged, and nothing is: set \
         Conf::write_ahead_log(true), and give the context a directory with \
         StreamingContext::get_or_create or StreamingContext::checkpoint"
    )]
    NotLogged {
        /// The source's name.
        source_name: String,
    },
    /// A checkpoint directory that another process has.
    #[error(
        "the checkpoint directory {directory} is in use: another process holds {directory}/lock, a job, or a \
         millstream-replica for the job that keeps its second copy there; stop that one, or choose another directory"
    )]
    InUse {
        /// The directory.
        directory: String,
    },
    /// A checkpoint directory that has gone while it was used.
    #[error(
        "the checkpoint directory {directory} is gone, or another one is in its place, so that what is \
         written can no longer be found; stop this job, and start it again when the directory is back"
    )]
    DirectoryLost {
        /// The directory.
        directory: String,
    },
    /// A file of a checkpoint directory that has gone while it was written.
    #[error(
        "{file} is gone, or another file is in its place, while this job wrote it, so that what is written can no longer \
         be found; this job acknowledges nothing more; see what has removed it, and start the job again"
    )]
    FileLost {
        /// The file.
        file: String,
    },
    /// A file of a checkpoint directory that is not what was written.
    #[error("{file} is damaged at byte {offset}: {found}; nothing was changed; {cure}")]
    Damaged {
        /// The file.
        file: String,
        /// Where in it.
        offset: u64,
        /// What was expected there, and what is there.
        found: String,
        /// What can be done.
        cure: String,
    },
    /// A file of a checkpoint directory that is of another job, directory or version.
    #[error("{file} {reason}; nothing was changed; {cure}")]
    Foreign {
        /// The file.
        file: String,
        /// What it belongs to.
        reason: String,
        /// What can be done.
        cure: &'static str,
    },
    /// A source whose records nobody could write down to the log.
    #[error(
        "{source_name}: Conf::write_ahead_log has what a batch is given written down before it runs, and \
         nothing says how to write the items of this source; use {instead}, whose items can be written, or \
         leave the log off, and what is in no checkpoint is lost when the process dies"
    )]
    Unloggable {
        /// The source's name.
        source_name: String,
        /// What to use in its place.
        instead: &'static str,
    },
    /// A log that lacks files.
    #[error(
        "the log in {directory} lacks a file: {missing}; bring it back, or give the job another \
         directory to begin anew"
    )]
    LacksFile {
        /// The directory of the log.
        directory: String,
        /// What is missing.
        missing: String,
    },
    /// A log that can no longer be relied on.
    #[error(
        "the log in {directory} takes nothing more since {reason}; what was not synced before may be \
         lost; look after the disk, and start the job again"
    )]
    LogOver {
        /// The directory of the log.
        directory: String,
        /// The first failure.
        reason: String,
    },
    /// A replica that cannot be had.
    #[error("the replica at {address} could not be had, {reason}; {cure}")]
    Replica {
        /// Where it should listen.
        address: String,
        /// For how long, and why.
        reason: String,
        /// What can be done.
        cure: &'static str,
    },
    /// A job whose second copy another start has gone on from.
    #[error(
        "another start of this job has gone on from the replica's copy, {copy}, while this one could not reach it; this \
         one acknowledges and writes nothing more; whoever knows which of the two counts moves the other one's copies \
         away"
    )]
    GoneOnElsewhere {
        /// The replica's address, and the directory there.
        copy: String,
    },
    /// A batch that could not be written down, and so was not run, before the stream stopped.
    #[error(
        "the batch {time} was given up: it could not be written down before the stream stopped; what it was \
         made of is in the log, and is gone on with at the next start"
    )]
    BatchGivenUp {
        /// The batch.
        time: Time,
    },
    /// A block that a window needs, and that was moved to disk, is not what was written there; so there can be no
    /// snapshot, until the window has moved on.
    #[error(
        "what a window keeps of {source_name} of the batch {batch} was moved to disk, and is damaged there; look \
         after the disk"
    )]
    SpilledDamaged {
        /// The source.
        source_name: String,
        /// The batch that had it.
        batch: Time,
    },
    /// A disk that is full, a quota that is used up, or as many open files as there may be.
    #[error("{what}: {reason}")]
    NoRoom {
        /// What failed.
        what: String,
        /// The system's reason, and the cure.
        reason: String,
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

    /// The same, as what became of `what`. A lack of room stays one, and so does what ends this start for good.
    pub(crate) fn about(self, what: impl fmt::Display) -> Self {
        match self {
            Error::NoRoom { what: inner, reason } => {
                Error::NoRoom { what: format!("{what}: {inner}"), reason }
            }
            this @ Error::GoneOnElsewhere { .. } => this,
            other => Error::Io { what: what.to_string(), reason: other.to_string() },
        }
    }

    /// This one, and what else went wrong on its account. A lack of room stays one, and so does what ends this start
    /// for good.
    pub(crate) fn and(self, other: Error) -> Self {
        match self {
            Error::NoRoom { what, reason } => {
                Error::NoRoom { what, reason: format!("{reason}; and {other}") }
            }
            Error::Io { what, reason } => {
                Error::Io { what, reason: format!("{reason}; and {other}") }
            }
            this @ Error::GoneOnElsewhere { .. } => this,
            this => Error::Io { what: this.to_string(), reason: format!("and {other}") },
        }
    }
}
