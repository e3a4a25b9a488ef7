//! What several contexts of a process can share: the threads that run tasks, and the memory for
//! received data.

use std::sync::Arc;

use rayon::ThreadPool;

use crate::conf::Conf;
use crate::error::{Error, Result};
use crate::framing::LineLimit;
use crate::slabs::SlabPool;
use crate::text::TextPolicy;

/// Of the memory for received data, the part for lines that are not whole yet: one in this many.
const CARRY_SHARE: u64 = 8;

/// The least longest line.
const LEAST_MAX_LINE_BYTES: usize = 16;

/// A thread pool and a budget of block memory. Cheap to clone; clones are the same engine.
#[derive(Clone)]
pub struct Engine(Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) conf: Conf,
    pub(crate) tasks: Arc<ThreadPool>,
    pub(crate) slabs: SlabPool,
    /// The most that unfinished lines may hold.
    pub(crate) carry_bytes: usize,
    pub(crate) policy: TextPolicy,
}

impl Engine {
    /// Starts the threads that `conf`'s master asks for and reserves (without taking it yet) its
    /// memory.
    pub fn new(conf: Conf) -> Result<Self> {
        if conf.max_line_bytes < LEAST_MAX_LINE_BYTES {
            return Err(Error::Setting {
                setting: "the longest line",
                got: format!("{} bytes", conf.max_line_bytes),
                want: format!("at least {LEAST_MAX_LINE_BYTES} bytes"),
            });
        }
        let budget = conf.budget_bytes();
        // A line of the greatest length must find room beside others that are unfinished.
        let carry = (budget / CARRY_SHARE).max(2 * (conf.max_line_bytes as u64 + 1));
        let slabs = SlabPool::new(budget.saturating_sub(carry), conf.max_line_bytes)?;
        let tasks = rayon::ThreadPoolBuilder::new()
            .num_threads(conf.tasks()?)
            .thread_name(|i| format!("task-{i}"))
            .build()
            .map_err(|e| Error::Io {
                what: "the task threads could not be started".into(),
                reason: e.to_string(),
            })?;
        let policy = TextPolicy {
            limit: LineLimit { max_bytes: conf.max_line_bytes, policy: conf.long_lines },
            invalid_utf8: conf.invalid_utf8,
        };
        let carry_bytes = usize::try_from(carry).unwrap_or(usize::MAX);
        Ok(Engine(Arc::new(Parts { conf, tasks: Arc::new(tasks), slabs, carry_bytes, policy })))
    }

    /// How many tasks run at once.
    pub fn parallelism(&self) -> usize {
        self.0.tasks.current_num_threads()
    }

    /// Bytes of received data in memory now.
    pub fn memory_in_use_bytes(&self) -> u64 {
        self.0.slabs.bytes_in_use()
    }

    /// The most bytes of received data that may be in memory.
    pub fn memory_limit_bytes(&self) -> u64 {
        self.0.slabs.limit_bytes()
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.0
    }
}
