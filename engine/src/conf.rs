//! The settings of an application, checked before anything starts.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::disk::{AnyDisk, Disk, RealDisk};
use crate::error::{Error, Result};
use crate::memory;
use crate::progress::Listener;
use crate::time::{Duration, millis, secs};

/// Blocks close at most this far apart where no block interval is given.
const LONGEST_DEFAULT_BLOCK_INTERVAL: Duration = millis(200);

/// Each task at once has a thread.
const MOST_TASKS: usize = 1024;

/// What becomes of a line that is longer than [`Conf::max_line_bytes`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum LongLines {
    /// It is left out and counted as rejected.
    #[default]
    Skip,
    /// It is cut at the limit, on a character's boundary, and counted as cut.
    Cut,
}

/// What becomes of a line that is not UTF-8.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum InvalidUtf8 {
    /// Each malformed sequence becomes U+FFFD, as in Spark; the line is counted as mended. A block
    /// with such a line is rewritten in memory of its own, up to three times its size, which is no
    /// part of [`Conf::memory_bytes`] and gone with its batch.
    #[default]
    Replace,
    /// The line is left out and counted as rejected.
    Skip,
}

/// What becomes of a record that does not parse: a text of another form than
/// [`DStream::parse`](crate::DStream::parse) asks for, or a line without the column.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Unparsed {
    /// It is left out and counted as unparsed.
    #[default]
    Skip,
    /// It is counted, and its batch fails with a sentence that shows the record.
    Fail,
}

/// The settings of an application. Every setting has a default that suits a machine of any size.
///
/// ```
/// use millstream::{Conf, StreamingContext, secs};
/// let conf = Conf::new("error lines").master("local[2]").memory_bytes(64 << 20);
/// let ssc = StreamingContext::new(conf, secs(1))?;
/// # Ok::<(), millstream::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a configuration does nothing until a StreamingContext is built from it"]
pub struct Conf {
    pub(crate) app_name: String,
    pub(crate) master: String,
    pub(crate) block_interval: Option<Duration>,
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) max_line_bytes: usize,
    pub(crate) long_lines: LongLines,
    pub(crate) invalid_utf8: InvalidUtf8,
    pub(crate) unparsed: Unparsed,
    pub(crate) max_connections: Option<u64>,
    pub(crate) early_work: bool,
    pub(crate) graceful_stop_timeout: Option<Duration>,
    pub(crate) checkpoint_interval: Option<Duration>,
    pub(crate) write_ahead_log: bool,
    pub(crate) clock: Clock,
    pub(crate) disk: Arc<dyn AnyDisk>,
    pub(crate) warnings: bool,
    pub(crate) listeners: Vec<Arc<dyn Listener>>,
}

impl Conf {
    /// The default settings, for an application called `app_name`: `local[*]`, half of the memory
    /// that the process may use, lines of up to 1 MiB, the system's clock.
    pub fn new(app_name: impl Into<String>) -> Self {
        Conf {
            app_name: app_name.into(),
            master: "local[*]".into(),
            block_interval: None,
            memory_bytes: None,
            max_line_bytes: 1 << 20,
            long_lines: LongLines::default(),
            invalid_utf8: InvalidUtf8::default(),
            unparsed: Unparsed::default(),
            max_connections: None,
            early_work: true,
            graceful_stop_timeout: None,
            checkpoint_interval: None,
            write_ahead_log: false,
            clock: Clock::system(),
            disk: Arc::new(RealDisk),
            warnings: true,
            listeners: Vec::new(),
        }
    }

    /// How many tasks run at once: `local` for one, `local[N]` for N, `local[*]` for one per core.
    /// Receivers have threads of their own, so unlike in Spark `local` starves nobody.
    pub fn master(mut self, master: impl Into<String>) -> Self {
        self.master = master.into();
        self
    }

    /// [`Conf::master`] with a number: `local[tasks]`.
    pub fn parallelism(self, tasks: usize) -> Self {
        self.master(format!("local[{tasks}]"))
    }

    /// How often a receiver closes its blocks. It must divide the batch interval; left out, it is
    /// the largest divisor of the batch interval that is at most 200 ms.
    pub fn block_interval(mut self, interval: Duration) -> Self {
        self.block_interval = Some(interval);
        self
    }

    /// The most memory, in bytes, that received data may take. At the limit receivers stop reading
    /// and TCP holds the sender back. Left out, it is half of what the process may use. A file stream
    /// has as much again for the files of the batches that are kept.
    pub fn memory_bytes(mut self, bytes: u64) -> Self {
        self.memory_bytes = Some(bytes);
        self
    }

    /// The longest line, in bytes without its line end, that is taken whole, and the longest record
    /// of bytes, without its length. 1 MiB by default.
    pub fn max_line_bytes(mut self, bytes: usize) -> Self {
        self.max_line_bytes = bytes;
        self
    }

    /// What becomes of longer lines; they are skipped by default. Longer records with their length in
    /// front always are.
    pub fn long_lines(mut self, policy: LongLines) -> Self {
        self.long_lines = policy;
        self
    }

    /// What becomes of lines that are not UTF-8; they are mended by default.
    pub fn invalid_utf8(mut self, policy: InvalidUtf8) -> Self {
        self.invalid_utf8 = policy;
        self
    }

    /// What becomes of records that [`parse`](crate::DStream::parse) and
    /// [`field`](crate::DStream::field) cannot read; they are skipped by default.
    ///
    /// ```
    /// # use millstream::{Conf, Unparsed, secs, testing};
    /// let conf = Conf::new("strict").unparsed(Unparsed::Fail);
    /// let failed = testing::run_with(conf, secs(1), 1, |s, out| {
    ///     let lines = s.queue_stream([vec!["a 1", "b one"]]);
    ///     out.collect(&lines.fields(' ').parse::<(&str, i64)>().map(|(_, n)| n));
    ///     Ok(())
    /// });
    /// let sentence = failed.unwrap_err().to_string();
    /// assert!(sentence.contains(r#""one", column 1 (counted from 0) of "b one", is no i64"#));
    /// ```
    pub fn unparsed(mut self, policy: Unparsed) -> Self {
        self.unparsed = policy;
        self
    }

    /// How many connections a listening receiver holds at once. The descriptors for them are
    /// reserved at the start, and a number that the process's hard limit does not allow is refused
    /// there. Left out, it is what the hard limit allows, up to 65,536.
    pub fn max_connections(mut self, connections: u64) -> Self {
        self.max_connections = Some(connections);
        self
    }

    /// Whether aggregations work on a block as soon as it closes (the default) or all at the
    /// batch's turn. The results are the same; only their latency, and the memory in use, differ.
    pub fn early_work(mut self, early: bool) -> Self {
        self.early_work = early;
        self
    }

    /// How long a graceful stop may take before it turns into an immediate one. Left out, it is ten
    /// batch intervals, and ten seconds at least.
    pub fn graceful_stop_timeout(mut self, limit: Duration) -> Self {
        self.graceful_stop_timeout = Some(limit);
        self
    }

    /// How far apart checkpoints are, where the context has a directory for them: so many batch intervals as
    /// it takes to reach this. Left out, 10 seconds, as in the original.
    pub fn checkpoint_interval(mut self, interval: Duration) -> Self {
        self.checkpoint_interval = Some(interval);
        self
    }

    /// Whether what receivers take in is written to the log in the checkpoint directory, and durable, before it
    /// counts as received. Off by default, as in the original: then what was received and not processed when
    /// the process dies is lost. What queues, files and receivers of one's own give is written down with the
    /// batch that is given it, so a source of items that nobody can write makes the start fail.
    ///
    /// Cost: what is received is written once more, and each batch waits for a sync, an empty one too. The disk
    /// must have room for what comes in two [`checkpoint_interval`](Conf::checkpoint_interval)s, and for
    /// 64 MiB beside, the size of the log's files. No batch is given more than half of
    /// [`memory_bytes`](Conf::memory_bytes), and no line may be longer than 512 MiB: a process that goes on
    /// reads back into memory what is in no checkpoint.
    pub fn write_ahead_log(mut self, on: bool) -> Self {
        self.write_ahead_log = on;
        self
    }

    /// Where time comes from; a [`ManualClock`](crate::ManualClock) makes a run repeatable.
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self
    }

    /// Where files are: the machine's disk, or a [`MemoryDisk`](crate::disk::MemoryDisk) for tests.
    /// File sources read from it and file outputs write to it.
    pub fn disk(mut self, disk: impl Disk) -> Self {
        self.disk = Arc::new(disk);
        self
    }

    /// Whether warnings (a refused connection, a failed batch, a full budget) are written to
    /// stderr, one sentence each. They are by default; listeners hear of them either way.
    pub fn warnings_on_stderr(mut self, on: bool) -> Self {
        self.warnings = on;
        self
    }

    /// Adds a listener, from the first event on.
    pub fn listener(mut self, listener: impl Listener + 'static) -> Self {
        self.listeners.push(Arc::new(listener));
        self
    }

    /// The number of tasks that the master asks for.
    pub(crate) fn tasks(&self) -> Result<usize> {
        let refused = || Error::Master { got: self.master.clone() };
        match self.master.as_str() {
            "local" => Ok(1),
            "local[*]" => Ok(std::thread::available_parallelism().map_or(1, usize::from)),
            other => {
                let n = other
                    .strip_prefix("local[")
                    .and_then(|rest| rest.strip_suffix(']'))
                    .ok_or_else(refused)?;
                let n: usize = n.parse().ok().filter(|&n| n >= 1).ok_or_else(refused)?;
                if n > MOST_TASKS {
                    return Err(Error::Setting {
                        setting: "the number of tasks at once",
                        got: n.to_string(),
                        want: format!(
                            "at most {MOST_TASKS}; more than there are cores gain nothing"
                        ),
                    });
                }
                Ok(n)
            }
        }
    }

    pub(crate) fn budget_bytes(&self) -> u64 {
        self.memory_bytes.unwrap_or_else(|| memory::usable_bytes() / 2)
    }

    /// The block interval that goes with `batch`.
    pub(crate) fn block_interval_for(&self, batch: Duration) -> Result<Duration> {
        require_positive("batch interval", batch)?;
        match self.block_interval {
            Some(block) => {
                require_positive("block interval", block)?;
                if !batch.is_multiple_of(block) {
                    return Err(Error::NotAMultiple { batch, block });
                }
                Ok(block)
            }
            None => Ok(largest_divisor(batch, LONGEST_DEFAULT_BLOCK_INTERVAL)),
        }
    }

    pub(crate) fn checkpoint_interval_for(&self, batch: Duration) -> Duration {
        let wanted = self.checkpoint_interval.unwrap_or(secs(10)).as_millis().max(1);
        let batch_ms = batch.as_millis().max(1);
        batch * ((wanted + batch_ms - 1) / batch_ms)
    }

    pub(crate) fn graceful_stop_limit(&self, batch: Duration) -> Duration {
        self.graceful_stop_timeout.unwrap_or_else(|| (batch * 10).max(secs(10)))
    }
}

fn require_positive(what: &'static str, got: Duration) -> Result {
    if got > Duration::ZERO { Ok(()) } else { Err(Error::NotPositive { what, got }) }
}

fn largest_divisor(of: Duration, at_most: Duration) -> Duration {
    let top = of.min(at_most).as_millis();
    let divisor = (1..=top).rev().find(|d| of.as_millis() % d == 0).unwrap_or(1);
    Duration::from_millis(divisor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::mins;

    #[test]
    fn masters_are_read_and_nonsense_is_refused() {
        assert_eq!(Conf::new("t").master("local").tasks().unwrap(), 1);
        assert_eq!(Conf::new("t").master("local[3]").tasks().unwrap(), 3);
        assert!(Conf::new("t").tasks().unwrap() >= 1);
        for bad in ["local[0]", "local[x]", "local[-1]", "spark://host", ""] {
            assert!(
                Conf::new("t").master(bad).tasks().unwrap_err().to_string().contains("local[N]"),
                "{bad}"
            );
        }
    }

    #[test]
    fn the_block_interval_divides_the_batch_interval() {
        let given = |batch| Conf::new("t").block_interval_for(batch).unwrap();
        assert_eq!(given(secs(1)), millis(200));
        assert_eq!(given(millis(250)), millis(125));
        assert_eq!(given(millis(211)), millis(1));
        assert_eq!(given(millis(10)), millis(10));
        assert_eq!(given(mins(10)), millis(200));
        let e = Conf::new("t")
            .block_interval(millis(300))
            .block_interval_for(secs(1))
            .unwrap_err()
            .to_string();
        assert!(e.contains("1000 ms") && e.contains("300 ms"), "{e}");
        assert!(
            Conf::new("t")
                .block_interval_for(Duration::ZERO)
                .unwrap_err()
                .to_string()
                .contains("0 ms")
        );
        assert!(Conf::new("t").block_interval(Duration::ZERO).block_interval_for(secs(1)).is_err());
    }
}
