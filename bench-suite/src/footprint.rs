//! What the engine takes of memory: how often a batch allocates in the steady state, and what the state
//! of a word count takes for each key. Alone in its process, whose allocator counts.

use anyhow::{Context, Result, ensure};
use millstream::{Conf, ManualClock, Queue, Running, Scope, Stop, StreamingContext, Time, secs};
use serde::{Deserialize, Serialize};

use crate::allocator;

/// A batch that takes longer than this is not waited for.
const PATIENCE: millstream::Duration = secs(120);

/// Different words of the batches whose allocations are counted.
const WORDS: usize = 100;

const FEW_RECORDS: usize = 1_000;
const MANY_RECORDS: usize = 100_000;

/// Batches before tables and lists have their size.
const WARM_UP: usize = 40;

/// Batches of which the one in the middle counts: now and then a queue of tasks grows.
const COUNTED: usize = 15;

/// Keys of a state whose tables are nearly as full as they get before they grow.
const FULL_KEYS: usize = 220_000;

/// Keys of a large state.
const MANY_KEYS: usize = 10_000_000;

/// What the engine takes of memory.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Footprint {
    /// How often a batch of few records allocates.
    pub allocations_of_few: u64,
    /// How often a batch of many does.
    pub allocations_of_many: u64,
    /// How many more records these are.
    pub more_records: u64,
    /// What the state takes for each of some short keys with a count, when its tables are full.
    pub state_bytes_a_key: f64,
    /// What it takes in all for ten million.
    pub large_state_bytes: u64,
}

impl Footprint {
    /// What a further record adds to the allocations of its batch.
    pub fn allocations_a_record(&self) -> f64 {
        let more = self.allocations_of_many.saturating_sub(self.allocations_of_few);
        more as f64 / self.more_records as f64
    }
}

/// Measures it. The state of ten million keys takes a minute or less.
pub fn footprint() -> Result<Footprint> {
    allocator::begin();
    drop(std::hint::black_box(vec![0u8; 1]));
    ensure!(allocator::counts().calls > 0, "the allocator of this program does not count");
    let [allocations_of_few, allocations_of_many] = allocations()?;
    Ok(Footprint {
        allocations_of_few,
        allocations_of_many,
        more_records: (MANY_RECORDS - FEW_RECORDS) as u64,
        state_bytes_a_key: state_bytes(FULL_KEYS, FULL_KEYS / 16)? as f64 / FULL_KEYS as f64,
        large_state_bytes: state_bytes(MANY_KEYS, MANY_KEYS / 16)?,
    })
}

/// A program whose batches are given one by one.
struct Fed {
    clock: ManualClock,
    lines: Queue<String>,
    running: Running,
}

impl Fed {
    fn start(
        tasks: usize,
        program: impl for<'b> Fn(&Scope<'b>, &Queue<String>) + Send + Sync + 'static,
    ) -> Result<Self> {
        let (clock, lines) = (ManualClock::at(Time::default()), Queue::new());
        let conf = Conf::new("footprint").parallelism(tasks).clock(clock.clone());
        let input = lines.clone();
        let running = StreamingContext::new(conf, secs(1))?.start(move |s| {
            program(s, &input);
            Ok(())
        })?;
        Ok(Fed { clock, lines, running })
    }

    fn batch(&self, lines: String) -> Result<()> {
        self.lines.push(vec![lines]);
        self.clock.advance(secs(1));
        Ok(self.running.wait_for_batch(self.clock.now(), PATIENCE)?)
    }
}

/// How often a batch of few records allocates, and one of many.
fn allocations() -> Result<[u64; 2]> {
    let fed = Fed::start(2, |s, lines| {
        let words = s.queue_text_stream(lines).words().map(|word| (word, 1u64));
        words.reduce_by_key(|a, b| a + b).for_each_rdd(|rdd, _| {
            std::hint::black_box(rdd.count());
        });
    })?;
    let batch = |records: usize| -> Result<u64> {
        let lines = (0..records).map(|n| format!("word-{}\n", n % WORDS)).collect();
        let before = allocator::counts().calls;
        fed.batch(lines)?;
        Ok(allocator::counts().calls - before)
    };
    for n in 0..WARM_UP {
        batch(if n % 2 == 0 { FEW_RECORDS } else { MANY_RECORDS })?;
    }
    let mut usual = [0; 2];
    for (usual, records) in usual.iter_mut().zip([FEW_RECORDS, MANY_RECORDS]) {
        let mut counts: Vec<u64> = (0..COUNTED).map(|_| batch(records)).collect::<Result<_>>()?;
        counts.sort_unstable();
        *usual = counts[COUNTED / 2];
    }
    fed.running.stop(Stop::Now)?;
    Ok(usual)
}

/// What the state of a word count takes for so many keys, some of which come with each batch.
fn state_bytes(keys: usize, keys_a_batch: usize) -> Result<u64> {
    let fed = Fed::start(1, |s, lines| {
        let words = s.queue_text_stream(lines).words().map(|word| (word, 1u64));
        let counts = words.update_state_by_key(|new: &[u64], old: Option<u64>| {
            Some(new.iter().sum::<u64>() + old.unwrap_or(0))
        });
        counts.count().for_each_rdd(|_, _| ());
    })?;
    let batch = |words: std::ops::Range<usize>| -> Result<()> {
        fed.batch(words.map(|n| format!("word-{n}\n")).collect())
    };
    batch(0..1)?;
    let before = allocator::counts().bytes;
    for first in (0..keys).step_by(keys_a_batch) {
        batch(first..keys.min(first + keys_a_batch))?;
    }
    // What the last large batch has left in tables that are kept is no state.
    for _ in 0..WARM_UP {
        batch(0..1)?;
    }
    let bytes = allocator::counts().bytes - before;
    fed.running.stop(Stop::Now)?;
    u64::try_from(bytes).context("a state of many keys has taken no memory")
}
