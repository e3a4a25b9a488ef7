//! How much a receiver may take in: the second half of the backpressure, beside the byte budget.
//!
//! A budget alone would be a standing queue: an unlimited sender would fill it, and every batch
//! would wait behind gigabytes. So a receiver takes in no more than the engine has shown it can
//! work off:
//!
//! - Where blocks are worked on as they close, what waits for that work is bounded by the time that
//!   it takes, a quarter of an interval, and by a few slabs, which then stay in the cache.
//! - Where blocks are read at their batch's turn, all batches that wait take in together what can
//!   be processed in an interval, less what is owed to batches before. It begins small, grows up to
//!   sixteenfold a batch while batches are quick, and shrinks at once, in the middle of a batch that
//!   overruns.
//! - Where there is a log, what is on its way there is bounded too: a disk that is slower than the work
//!   would hold up each batch until all of it is written. So is what a batch is given: it is read into
//!   memory again by a process that goes on, though early work may have been done with it long before.

mod capacity;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use self::capacity::Capacity;

/// The first batch takes in this much a second, before anything is known. The next may be sixteen
/// times as large.
const FIRST_BYTES_PER_S: f64 = (8 << 20) as f64;

/// Of what can be processed in an interval, the share that is let in; the rest is for what was not
/// foreseen.
const LET_IN_SHARE: f64 = 0.8;

/// What waits for early work may take this share of an interval to work off.
const EARLY_SHARE: f64 = 0.25;

/// In the mean of how long early work takes, a parcel of so many bytes weighs as much as all before it: a
/// few lines say little, for what a parcel costs by itself is most of their time.
const OFTEN_SEEN_BYTES: u64 = 64 << 10;

/// A read may bring so much, however slow the work is, and however late batches are.
const LEAST_READ_BYTES: u64 = 4 << 10;

/// So much may be on its way to the log: enough for the next group while one is synced, little enough for no
/// batch to wait long.
const MOST_UNLOGGED_BYTES: u64 = 16 << 20;

/// What may wait for early work before anything is known of how long that takes.
const FIRST_EARLY_BYTES: u64 = 64 << 10;

/// Wakes a receiver that has paused.
pub(crate) type Wake = Box<dyn Fn() + Send + Sync>;

/// How a source's blocks are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reads {
    /// As they close.
    pub(crate) early: bool,
    /// At their batch's turn.
    pub(crate) at_turn: bool,
}

/// What does not change while the stream runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) interval: Duration,
    /// The most bytes that may wait for early work, however quick it is.
    pub(crate) most_early_bytes: u64,
    /// The most bytes that a batch may be given, where they are read again when the process has died;
    /// early work that is done with them gives nothing of that back.
    pub(crate) most_batch_bytes: u64,
    /// How many early tasks run at once.
    pub(crate) threads: usize,
}

/// Decides whether receivers may read. Cheap to ask: a few loads, and the time while a batch runs.
pub(crate) struct Admission {
    bounds: Bounds,
    /// Taken in for early work and not worked on.
    early_bytes: AtomicU64,
    early_limit: AtomicU64,
    /// Nanoseconds of one thread for a thousand bytes; 0 for not known.
    early_ns_per_kb: AtomicU64,
    /// On their way to the log.
    unlogged_bytes: AtomicU64,
    /// Stored for batches that have not had their turn, worked on or not.
    unassigned_bytes: AtomicU64,
    /// Taken in for batches that have not had their turn.
    waiting_bytes: AtomicU64,
    waiting_limit: AtomicU64,
    running: Mutex<Option<Running>>,
    capacity: Mutex<Capacity>,
    wakes: Mutex<Vec<Wake>>,
}

struct Running {
    bytes: u64,
    since: Instant,
    /// Of its interval, what was left when it began.
    free_share: f64,
}

impl Admission {
    pub(crate) fn new(bounds: Bounds) -> Self {
        let first = FIRST_BYTES_PER_S * bounds.interval.as_secs_f64();
        Admission {
            early_bytes: AtomicU64::new(0),
            early_limit: AtomicU64::new(FIRST_EARLY_BYTES.min(bounds.most_early_bytes)),
            early_ns_per_kb: AtomicU64::new(0),
            unlogged_bytes: AtomicU64::new(0),
            unassigned_bytes: AtomicU64::new(0),
            waiting_bytes: AtomicU64::new(0),
            waiting_limit: AtomicU64::new(first as u64),
            running: Mutex::new(None),
            capacity: Mutex::new(Capacity::supposed(first / LET_IN_SHARE)),
            wakes: Mutex::new(Vec::new()),
            bounds,
        }
    }

    /// Whether a receiver of a source that is read in this way may read on.
    pub(crate) fn may_read(&self, reads: Reads) -> bool {
        self.unlogged_bytes.load(Ordering::Relaxed) < MOST_UNLOGGED_BYTES
            && self.unassigned_bytes.load(Ordering::Relaxed) < self.bounds.most_batch_bytes
            && (!reads.early
                || self.early_bytes.load(Ordering::Relaxed)
                    < self.early_limit.load(Ordering::Relaxed))
            && (!reads.at_turn || self.may_wait() > 0)
    }

    /// How many bytes a read may bring at most: one read alone must not be much more than may wait.
    pub(crate) fn most_to_read(&self, reads: Reads) -> usize {
        let mut most = u64::MAX;
        if reads.early {
            let waiting = self.early_bytes.load(Ordering::Relaxed);
            most = self.early_limit.load(Ordering::Relaxed).saturating_sub(waiting);
        }
        if reads.at_turn {
            most = most.min(self.may_wait());
        }
        usize::try_from(most.max(LEAST_READ_BYTES)).unwrap_or(usize::MAX)
    }

    /// How many bytes more may wait for batches.
    fn may_wait(&self) -> u64 {
        match self.waiting_bytes.load(Ordering::Relaxed) {
            0 => self.waiting_limit_now().max(LEAST_READ_BYTES),
            waiting => self.waiting_limit_now().saturating_sub(waiting),
        }
    }

    /// A batch that runs longer than its interval shows, while it runs, how little can be
    /// processed.
    fn waiting_limit_now(&self) -> u64 {
        let limit = self.waiting_limit.load(Ordering::Relaxed);
        match &*self.running.lock() {
            Some(running) if running.since.elapsed() > self.bounds.interval => {
                let share =
                    self.bounds.interval.as_secs_f64() / running.since.elapsed().as_secs_f64();
                limit.min((running.bytes as f64 * share * LET_IN_SHARE) as u64)
            }
            _ => limit,
        }
    }

    /// Whole records were read.
    pub(crate) fn took_in(&self, reads: Reads, bytes: u64) {
        if reads.early {
            self.early_bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        if reads.at_turn {
            self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    // ---- the log ----

    /// So many bytes are stored for a batch.
    pub(crate) fn stored(&self, bytes: u64) {
        self.unassigned_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// So many are a batch's.
    pub(crate) fn assigned(&self, bytes: u64) {
        let before = self.unassigned_bytes.fetch_sub(bytes, Ordering::Relaxed);
        if before >= self.bounds.most_batch_bytes {
            self.wake_all();
        }
    }

    /// So many bytes are on their way to the log.
    pub(crate) fn log_began(&self, bytes: u64) {
        self.unlogged_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// So many are no longer.
    pub(crate) fn log_ended(&self, bytes: u64) {
        let before = self.unlogged_bytes.fetch_sub(bytes, Ordering::Relaxed);
        if before >= MOST_UNLOGGED_BYTES && before - bytes < MOST_UNLOGGED_BYTES {
            self.wake_all();
        }
    }

    // ---- early work ----

    /// Early work on this many bytes took one thread this long, or, without a time, was left to the
    /// batch's turn.
    pub(crate) fn early_ended(&self, bytes: u64, took: Option<Duration>) {
        if let Some(took) = took.filter(|_| bytes > 0) {
            let ns_per_kb = (took.as_nanos() as u64).saturating_mul(1000) / bytes;
            let so_far = self.early_ns_per_kb.load(Ordering::Relaxed);
            let weight = bytes as f64 / (bytes + OFTEN_SEEN_BYTES) as f64;
            let mean = match so_far {
                0 => ns_per_kb as f64,
                _ => so_far as f64 + (ns_per_kb as f64 - so_far as f64) * weight,
            };
            let mean = (mean as u64).max(1);
            self.early_ns_per_kb.store(mean, Ordering::Relaxed);
            let ns =
                self.bounds.interval.as_nanos() as f64 * EARLY_SHARE * self.bounds.threads as f64;
            let limit = (ns / mean as f64 * 1000.0) as u64;
            self.early_limit.store(limit.clamp(1, self.bounds.most_early_bytes), Ordering::Relaxed);
        }
        let waiting = self.early_bytes.fetch_sub(bytes, Ordering::Relaxed) - bytes;
        if waiting < self.early_limit.load(Ordering::Relaxed) {
            self.wake_all();
        }
    }

    // ---- batches ----

    /// The turn of a batch has come, `late` after its time, with this many of the bytes that
    /// waited.
    pub(crate) fn turn_began(&self, late: Duration, bytes: u64) {
        self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
        let free_share = (1.0 - late.as_secs_f64() / self.bounds.interval.as_secs_f64()).max(0.0);
        *self.running.lock() = Some(Running { bytes, since: Instant::now(), free_share });
        self.let_in(self.capacity.lock().bytes(), free_share);
    }

    fn let_in(&self, capacity_bytes: f64, free_share: f64) {
        self.waiting_limit
            .store((capacity_bytes * LET_IN_SHARE * free_share) as u64, Ordering::Relaxed);
        self.wake_all();
    }

    /// It is over, after `processing`.
    pub(crate) fn turn_ended(&self, processing: Duration) {
        let Some(running) = self.running.lock().take() else { return };
        let share = processing.as_secs_f64() / self.bounds.interval.as_secs_f64();
        let mut capacity = self.capacity.lock();
        capacity.shown(running.bytes, share);
        self.let_in(capacity.bytes(), running.free_share);
    }

    /// Whether a batch has its turn now.
    pub(crate) fn turn_runs(&self) -> bool {
        self.running.lock().is_some()
    }

    /// Has `wake` called when reading may go on.
    pub(crate) fn on_change(&self, wake: Wake) {
        self.wakes.lock().push(wake);
    }

    fn wake_all(&self) {
        // A receiver says that it pauses and then looks at the counters; here they have changed,
        // and then it is looked whether it pauses. With a fence between on both sides, one of the
        // two sees the other.
        fence(Ordering::SeqCst);
        for wake in self.wakes.lock().iter() {
            wake();
        }
    }
}
