//! How much a receiver may take in: the second half of the backpressure, beside the byte budget.
//!
//! A budget alone would be a standing queue: an unlimited sender would fill it, and every batch would wait behind
//! gigabytes. So two smaller limits apply. Blocks that wait for early work are bounded, by a few slabs that stay in the
//! cache. And while the batches show that they fill their interval, the open batch takes in at most what they showed can be
//! processed in one.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::time::Duration;

/// No limit.
const UNLIMITED: u64 = u64::MAX;

/// A batch that takes less than this share of its interval says nothing about the most that could be processed.
const TELLING_SHARE: f64 = 0.5;

/// Of what can be processed in an interval, the share that is let in; the rest is for what was not foreseen.
const LET_IN_SHARE: f64 = 0.9;

/// For how many batches after the last telling one its limit holds.
const LIMIT_HOLDS_BATCHES: u32 = 10;

/// Wakes a receiver that has paused.
pub(crate) type Wake = Box<dyn Fn() + Send + Sync>;

/// Decides whether receivers may read. Cheap to ask: three loads.
pub(crate) struct Admission {
    /// Bytes taken into the open batch.
    open_bytes: AtomicU64,
    /// The most that the open batch may take in.
    allowance: AtomicU64,
    /// Bytes stored whose early work has not ended.
    early_bytes: AtomicU64,
    most_early_bytes: Option<u64>,
    limit: Mutex<Limit>,
    wakes: Mutex<Vec<Wake>>,
}

struct Limit {
    bytes_per_interval: f64,
    holds_batches: u32,
}

impl Admission {
    /// `most_early_bytes` bounds what waits for early work, where there is any; `budget_bytes` is the least limit's ceiling.
    pub(crate) fn new(most_early_bytes: Option<u64>, budget_bytes: u64) -> Self {
        Admission {
            open_bytes: AtomicU64::new(0),
            allowance: AtomicU64::new(budget_bytes),
            early_bytes: AtomicU64::new(0),
            most_early_bytes,
            limit: Mutex::new(Limit { bytes_per_interval: f64::INFINITY, holds_batches: 0 }),
            wakes: Mutex::new(Vec::new()),
        }
    }

    /// Whether a receiver may read on.
    pub(crate) fn may_read(&self) -> bool {
        let early = self
            .most_early_bytes
            .is_none_or(|most| self.early_bytes.load(Ordering::Relaxed) < most);
        early && self.open_bytes.load(Ordering::Relaxed) < self.allowance.load(Ordering::Relaxed)
    }

    /// Bytes were stored into the open batch.
    pub(crate) fn took_in(&self, bytes: u64) {
        self.open_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes were handed to early work.
    pub(crate) fn early_began(&self, bytes: u64) {
        self.early_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Their early work has ended, or was left to the batch's turn.
    pub(crate) fn early_ended(&self, bytes: u64) {
        let before = self.early_bytes.fetch_sub(bytes, Ordering::Relaxed);
        if self.most_early_bytes.is_some_and(|most| before >= most && before - bytes < most) {
            self.wake_all();
        }
    }

    /// A batch was cut while `waiting` of its interval is still owed to batches before it.
    pub(crate) fn batch_cut(&self, interval: Duration, waiting: std::time::Duration) {
        self.open_bytes.store(0, Ordering::Relaxed);
        let mut limit = self.limit.lock();
        limit.holds_batches = limit.holds_batches.saturating_sub(1);
        if limit.holds_batches == 0 {
            limit.bytes_per_interval = f64::INFINITY;
        }
        let free_share = 1.0 - waiting.as_secs_f64() / interval.to_std().as_secs_f64();
        let allowance = limit.bytes_per_interval * LET_IN_SHARE * free_share.max(0.0);
        self.allowance.store(
            if allowance.is_finite() { allowance as u64 } else { UNLIMITED },
            Ordering::Relaxed,
        );
        drop(limit);
        self.wake_all();
    }

    /// A batch of `bytes` was processed in `processing`, of which early work had done `early_bytes` beforehand.
    pub(crate) fn batch_done(
        &self,
        bytes: u64,
        early_bytes: u64,
        processing: std::time::Duration,
        interval: Duration,
    ) {
        let share = processing.as_secs_f64() / interval.to_std().as_secs_f64();
        if share < TELLING_SHARE {
            return;
        }
        let late_bytes = bytes.saturating_sub(early_bytes).max(1) as f64;
        let mut limit = self.limit.lock();
        limit.bytes_per_interval = late_bytes / share;
        limit.holds_batches = LIMIT_HOLDS_BATCHES;
    }

    /// Has `wake` called when reading may go on.
    pub(crate) fn on_change(&self, wake: Wake) {
        self.wakes.lock().push(wake);
    }

    fn wake_all(&self) {
        for wake in self.wakes.lock().iter() {
            wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::secs;
    use std::time::Duration as StdDuration;

    #[test]
    fn nothing_is_limited_until_a_batch_fills_its_interval() {
        let admission = Admission::new(None, UNLIMITED);
        admission.batch_done(1_000_000, 0, StdDuration::from_millis(300), secs(1));
        admission.batch_cut(secs(1), StdDuration::ZERO);
        admission.took_in(1 << 40);
        assert!(admission.may_read());
    }

    #[test]
    fn an_overrun_lets_in_what_an_interval_can_process_less_what_is_owed() {
        let admission = Admission::new(None, UNLIMITED);
        // 2 MB took two seconds: 1 MB an interval.
        admission.batch_done(2_000_000, 0, StdDuration::from_secs(2), secs(1));
        admission.batch_cut(secs(1), StdDuration::from_millis(500));
        admission.took_in(449_999);
        assert!(admission.may_read());
        admission.took_in(2);
        assert!(!admission.may_read());
        // Nothing owed any more: nine tenths of 1 MB.
        admission.batch_cut(secs(1), StdDuration::ZERO);
        admission.took_in(899_999);
        assert!(admission.may_read());
    }

    #[test]
    fn a_limit_that_no_batch_confirms_is_forgotten() {
        let admission = Admission::new(None, UNLIMITED);
        admission.batch_done(1_000, 0, StdDuration::from_secs(1), secs(1));
        for _ in 0..LIMIT_HOLDS_BATCHES {
            admission.batch_cut(secs(1), StdDuration::ZERO);
        }
        admission.took_in(1 << 40);
        assert!(admission.may_read());
    }

    #[test]
    fn what_waits_for_early_work_is_bounded() {
        let admission = Admission::new(Some(100), UNLIMITED);
        admission.early_began(100);
        assert!(!admission.may_read());
        admission.early_ended(1);
        assert!(admission.may_read());
    }
}
