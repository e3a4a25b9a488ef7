//! The settings of an application, checked before anything starts: those of how it runs, and by what they
//! are about, in the files beside this one, all others.

mod durability;
mod exposure;
mod overrun;
mod rates;
mod records;
mod replica;
mod storage;
#[cfg(feature = "tls")]
mod tls;

use std::path::PathBuf;
use std::sync::Arc;

pub(crate) use self::exposure::Exposure;
pub(crate) use self::overrun::MOST_WAITING;
pub use self::overrun::Overrun;
pub(crate) use self::rates::Rates;
pub use self::records::{InvalidUtf8, LongLines, Unparsed};
pub(crate) use self::replica::ReplicaAt;
#[cfg(feature = "tls")]
pub use self::tls::{TlsClient, TlsServer};
use crate::clock::Clock;
use crate::disk::{AnyDisk, Disk, RealDisk};
use crate::error::{Error, Result};
use crate::progress::Listener;
use crate::rate::Pid;
use crate::storage::StorageLevel;
use crate::time::{Duration, millis};

/// Blocks close at most this far apart where no block interval is given.
const LONGEST_DEFAULT_BLOCK_INTERVAL: Duration = millis(200);

/// Each task at once has a thread.
const MOST_TASKS: usize = 1024;

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
    pub(crate) storage_level: StorageLevel,
    pub(crate) spill_directory: Option<PathBuf>,
    pub(crate) max_line_bytes: usize,
    pub(crate) long_lines: LongLines,
    pub(crate) invalid_utf8: InvalidUtf8,
    pub(crate) unparsed: Unparsed,
    pub(crate) backpressure: bool,
    pub(crate) pid: Pid,
    pub(crate) max_rate: u64,
    pub(crate) initial_rate: Option<u64>,
    pub(crate) overrun: Overrun,
    pub(crate) max_backlog: Option<u64>,
    pub(crate) exposure: Exposure,
    pub(crate) early_work: bool,
    pub(crate) graceful_stop_timeout: Option<Duration>,
    pub(crate) checkpoint_interval: Option<Duration>,
    pub(crate) write_ahead_log: bool,
    pub(crate) replica: Option<ReplicaAt>,
    pub(crate) replica_timeout: Option<Duration>,
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
            storage_level: StorageLevel::default(),
            spill_directory: None,
            max_line_bytes: 1 << 20,
            long_lines: LongLines::default(),
            invalid_utf8: InvalidUtf8::default(),
            unparsed: Unparsed::default(),
            backpressure: false,
            pid: Pid::default(),
            max_rate: 0,
            initial_rate: None,
            overrun: Overrun::default(),
            max_backlog: None,
            exposure: Exposure::default(),
            early_work: true,
            graceful_stop_timeout: None,
            checkpoint_interval: None,
            write_ahead_log: false,
            replica: None,
            replica_timeout: None,
            clock: Clock::system(),
            disk: Arc::new(RealDisk),
            warnings: true,
            listeners: Vec::new(),
        }
    }

    /// How many tasks run at once: `local` for one, `local[N]` for N, `local[*]` for one per core.
    /// Receivers have threads of their own, so unlike in Spark `local` starves nobody. What is none of these is
    /// refused when an [`Engine`](crate::Engine) is made.
    ///
    /// ```
    /// use millstream::{Conf, Engine};
    /// assert!(Engine::new(Conf::new("counts").master("local[2]")).is_ok());
    /// let e = Engine::new(Conf::new("counts").master("spark://host:7077")).err().unwrap();
    /// assert!(e.to_string().contains("local[N]"));
    /// ```
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
    ///
    /// ```
    /// use millstream::{Conf, StreamingContext, millis, secs};
    /// let every = |block| StreamingContext::new(Conf::new("counts").block_interval(block), secs(1));
    /// assert!(every(millis(50)).is_ok());
    /// assert!(every(millis(300)).err().unwrap().to_string().contains("1000 ms"));
    /// ```
    pub fn block_interval(mut self, interval: Duration) -> Self {
        self.block_interval = Some(interval);
        self
    }

    /// Whether aggregations work on a block as soon as it closes (the default) or all at the
    /// batch's turn. The results are the same; only their latency, and the memory in use, differ.
    pub fn early_work(mut self, early: bool) -> Self {
        self.early_work = early;
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

    /// Whether warnings (a refused connection, a failed batch, a full budget), and that a signal stops the stream, are
    /// written to stderr, one sentence each. They are by default; listeners hear of them either way.
    pub fn warnings_on_stderr(mut self, on: bool) -> Self {
        self.warnings = on;
        self
    }

    /// Adds a listener, from the first event on: of its own, or [`JsonLines`](crate::progress::JsonLines), a line of JSON
    /// for each batch.
    ///
    /// ```
    /// use millstream::{Conf, progress::JsonLines};
    /// let conf = Conf::new("counts").listener(JsonLines::new(std::io::stderr()));
    /// ```
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
    use crate::time::{mins, secs};

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
