//! What several contexts of a process can share: the threads that run tasks, and the memory for
//! received data.

use std::ops::RangeInclusive;
use std::sync::Arc;

use rayon::ThreadPool;

use crate::conf::Conf;
use crate::error::{Error, Result};
use crate::framing::RecordLimit;
use crate::intake::{StoreRoom, Unfinished};
use crate::received::{Form, RecordPolicy};
use crate::slabs::SlabPool;
use crate::time::Duration;

/// Of the budget, the part for lines that are not whole yet: one in this many.
const CARRY_SHARE: u64 = 8;

/// What receivers of a user's own have stored may take such a part of the budget, beside it.
const STORE_SHARE: u64 = 8;

/// What a process takes beside what the engine counts: the program, its threads, tables while they grow, and what
/// an allocator keeps of what was given back. Measured, with what it is made of, in `docs/storage.md`.
const RESERVED_BYTES: u64 = 24 << 20;

/// A budget of no more than this is all for what the engine counts, and of one that is larger at most half of the
/// rest is reserved: so that small budgets are of use, though a process takes more than they are.
const UNRESERVED_BYTES: u64 = 16 << 20;

/// Of a budget, what is left for what the process needs beside.
fn reserved_bytes(budget: u64) -> u64 {
    (budget.saturating_sub(UNRESERVED_BYTES) / 2).min(RESERVED_BYTES)
}

/// What the longest line may be set to: a slab must hold it.
const MAX_LINE_BYTES: RangeInclusive<usize> = 16..=1 << 30;

/// A thread pool and a budget of block memory. Cheap to clone; clones are the same engine.
#[derive(Clone)]
pub struct Engine(Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) conf: Conf,
    pub(crate) tasks: Arc<ThreadPool>,
    pub(crate) slabs: SlabPool,
    /// What unfinished records hold.
    pub(crate) unfinished: Arc<Unfinished>,
    /// The memory for what receivers of a user's own have stored.
    pub(crate) store_room: Arc<StoreRoom>,
    /// For sources of text.
    pub(crate) policy: RecordPolicy,
}

impl Engine {
    /// Starts the threads that `conf`'s master asks for and reserves (without taking it yet) its
    /// memory. Fails where a setting is out of range, with the range, and where the system gives no threads.
    pub fn new(conf: Conf) -> Result<Self> {
        if !MAX_LINE_BYTES.contains(&conf.max_line_bytes) {
            return Err(Error::Setting {
                setting: "the longest line",
                got: format!("{} bytes", conf.max_line_bytes),
                want: format!("{} to {} bytes", MAX_LINE_BYTES.start(), MAX_LINE_BYTES.end()),
            });
        }
        conf.exposure.check()?;
        if let Some(limit) = conf.graceful_stop_timeout.filter(|limit| *limit < Duration::ZERO) {
            return Err(Error::Setting {
                setting: "the limit of a graceful stop (Conf::graceful_stop_timeout)",
                got: limit.to_string(),
                want: "at least 0 ms".into(),
            });
        }
        let budget = conf.budget_bytes();
        let carry = (budget / CARRY_SHARE).max(Unfinished::least_bytes(conf.max_line_bytes));
        let least = carry + SlabPool::least_bytes(conf.max_line_bytes);
        if budget < least {
            return Err(Error::Setting {
                setting: "the memory budget (Conf::memory_bytes)",
                got: format!("{budget} bytes"),
                want: format!(
                    "at least {least} bytes for lines of up to {} bytes",
                    conf.max_line_bytes
                ),
            });
        }
        let slab_bytes = (budget - carry).saturating_sub(reserved_bytes(budget)).max(least - carry);
        let slabs = SlabPool::new(slab_bytes, conf.max_line_bytes);
        let tasks = rayon::ThreadPoolBuilder::new()
            .num_threads(conf.tasks()?)
            .thread_name(|i| format!("task-{i}"))
            .build()
            .map_err(|e| Error::Io {
                what: "the task threads could not be started".into(),
                reason: e.to_string(),
            })?;
        let policy = RecordPolicy {
            limit: RecordLimit { max_bytes: conf.max_line_bytes, long_lines: conf.long_lines },
            form: Form::Text(conf.invalid_utf8),
        };
        let in_memory = |bytes| usize::try_from(bytes).unwrap_or(usize::MAX);
        let unfinished = Unfinished::new(in_memory(carry));
        let store_room = StoreRoom::new(in_memory(budget / STORE_SHARE));
        let tasks = Arc::new(tasks);
        Ok(Engine(Arc::new(Parts { conf, tasks, slabs, unfinished, store_room, policy })))
    }

    /// How many tasks run at once.
    pub fn parallelism(&self) -> usize {
        self.0.tasks.current_num_threads()
    }

    /// Bytes of received data in memory now, unfinished records aside, and what lines that are not UTF-8 were
    /// mended into: by that the limit is less.
    pub fn memory_in_use_bytes(&self) -> u64 {
        self.0.slabs.bytes_in_use()
    }

    /// The most bytes of received data that may be in memory, unfinished records aside: they have a
    /// part of [`Conf::memory_bytes`] of their own. Less what is held by states, windows and stages, and what lines
    /// were mended into, or are likely to be.
    pub fn memory_limit_bytes(&self) -> u64 {
        self.0.slabs.limit_bytes()
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(conf: Conf) -> String {
        Engine::new(conf).err().expect("it is refused").to_string()
    }

    #[test]
    fn too_little_memory_is_refused_with_the_number_given_and_the_least() {
        let e = refused(Conf::new("t").memory_bytes(1 << 20));
        assert!(e.contains("1048576 bytes") && e.contains("4616787 bytes"), "{e}");
        assert!(Engine::new(Conf::new("t").memory_bytes(4_616_787)).is_ok());
    }

    #[test]
    fn a_large_budget_leaves_the_process_its_own_part_and_a_small_one_less() {
        let mib = |n: u64| n << 20;
        assert_eq!(reserved_bytes(mib(8)), 0);
        assert_eq!(reserved_bytes(mib(32)), mib(8));
        assert_eq!((reserved_bytes(mib(64)), reserved_bytes(mib(4096))), (mib(24), mib(24)));
        let engine = Engine::new(Conf::new("t").memory_bytes(mib(64))).unwrap();
        let slab = engine.parts().slabs.slab_bytes() as u64;
        assert_eq!(engine.memory_limit_bytes(), mib(64 - 8 - 24) / slab * slab);
        // Two slabs there are, also where the longest line takes most of the budget.
        let conf = Conf::new("t").memory_bytes(mib(90)).max_line_bytes(20 << 20);
        assert!(Engine::new(conf).unwrap().memory_limit_bytes() >= mib(40));
    }

    #[test]
    fn a_longest_line_that_no_slab_could_hold_is_refused() {
        assert!(refused(Conf::new("t").max_line_bytes(usize::MAX)).contains("1073741824"));
        assert!(refused(Conf::new("t").max_line_bytes(1)).contains("16"));
    }

    #[test]
    fn a_listener_for_nobody_and_a_stop_before_it_is_asked_for_are_refused() {
        assert!(refused(Conf::new("t").max_connections(0)).contains("Conf::max_connections"));
        let e = refused(Conf::new("t").graceful_stop_timeout(Duration::from_millis(-5)));
        assert!(e.contains("is -5 ms; it must be at least 0 ms"), "{e}");
    }

    #[test]
    fn more_threads_than_any_machine_has_are_refused() {
        assert!(refused(Conf::new("t").parallelism(100_000)).contains("1024"));
    }
}
