//! Where a running stream and those who wait for it meet.

use std::fmt;
use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::ThreadId;
use std::time::Instant;

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::snapshot::Snapshot;
use crate::time::{Duration, Time};

/// How to stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// What has been received is processed first.
    Graceful,
    /// At once: a running batch ends after the tasks under way, and counts as failed.
    Now,
}

/// How a stop went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stopped {
    /// Whether everything that was received has been processed.
    pub drained: bool,
    /// Whether what that has left is in a checkpoint, from which a job that goes on begins with new
    /// batches at once. Never without a checkpoint directory.
    pub checkpointed: bool,
}

impl Stopped {
    /// Of a stream that has received nothing.
    pub(crate) const WITHOUT_WORK: Self = Stopped { drained: true, checkpointed: false };
}

/// A sentence, for the end of a program's output.
impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.drained, self.checkpointed) {
            (true, true) => {
                "stopped: all that was received is processed, and what it left is in a checkpoint"
            }
            (true, false) => "stopped: all that was received is processed",
            (false, _) => "stopped before all that was received was processed",
        })
    }
}

/// The states of a context, in their order; there is no way back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum State {
    /// Built, not started.
    Initialized,
    /// Batches are cut.
    Active,
    /// Stopped, for good.
    Stopped,
}

/// The status of one stream, shared by its driver and its handles.
pub(crate) struct Status {
    inner: Mutex<Inner>,
    changed: Condvar,
    /// Set when running tasks had better end: asked without a lock, before each task.
    pub(crate) cancelled: Arc<AtomicBool>,
    /// How long a graceful stop may take.
    graceful_limit: std::time::Duration,
}

/// Why the driver wakes up.
pub(crate) enum Wake {
    /// The time has come that it waited for.
    Due,
    /// It is to stop.
    Stop(Stop),
    /// Somebody asks for a snapshot, and waits for it here.
    Snapshot(Sender<Result<Snapshot>>),
}

struct Inner {
    state: State,
    wanted: Option<Stop>,
    /// When a stop was ordered first.
    wanted_since: Option<Instant>,
    stopped: Option<Stopped>,
    first_error: Option<Error>,
    done_up_to: Option<Time>,
    driver: Option<ThreadId>,
    snapshots_wanted: Vec<Sender<Result<Snapshot>>>,
}

impl Status {
    /// Of a stream whose graceful stop may take as long as `graceful_limit`.
    pub(crate) fn new(graceful_limit: std::time::Duration) -> Self {
        let inner = Inner {
            state: State::Initialized,
            wanted: None,
            wanted_since: None,
            stopped: None,
            first_error: None,
            done_up_to: None,
            driver: None,
            snapshots_wanted: Vec::new(),
        };
        Status {
            inner: Mutex::new(inner),
            changed: Condvar::new(),
            cancelled: Arc::default(),
            graceful_limit,
        }
    }

    pub(crate) fn state(&self) -> State {
        self.inner.lock().state
    }

    // ---- the driver's side ----

    pub(crate) fn begin(&self) {
        let mut inner = self.inner.lock();
        inner.state = State::Active;
        inner.driver = Some(std::thread::current().id());
    }

    /// Waits for `time`, for a wish for a snapshot, or for an order to stop, whichever comes first. The
    /// last `watched` of the wait is spent looking at the clock.
    pub(crate) fn wait_for(&self, clock: &Clock, time: Time, watched: std::time::Duration) -> Wake {
        let mut inner = self.inner.lock();
        loop {
            if let Some(asked) = inner.snapshots_wanted.pop() {
                return Wake::Snapshot(asked);
            }
            if let Some(stop) = inner.wanted {
                return Wake::Stop(stop);
            }
            match clock.remaining(time) {
                Some(std::time::Duration::ZERO) => return Wake::Due,
                Some(left) if left <= watched => MutexGuard::unlocked(&mut inner, spin_loop),
                Some(left) => {
                    self.changed.wait_for(&mut inner, left - watched);
                }
                None => self.changed.wait(&mut inner),
            }
        }
    }

    /// What is wanted, if a stop is.
    pub(crate) fn wanted(&self) -> Option<Stop> {
        self.inner.lock().wanted
    }

    /// When a graceful stop that was ordered has taken long enough.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let since = self.inner.lock().wanted_since;
        since.and_then(|since| since.checked_add(self.graceful_limit))
    }

    /// Whether nothing is to be waited for any more: the stream stops at once, or its graceful stop has
    /// taken long enough.
    pub(crate) fn waits_no_more(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
            || self.deadline().is_some_and(|deadline| Instant::now() >= deadline)
    }

    pub(crate) fn batch_done(&self, time: Time, error: Option<Error>) {
        let mut inner = self.inner.lock();
        inner.done_up_to = Some(time);
        if inner.first_error.is_none() {
            inner.first_error = error;
        }
        drop(inner);
        self.changed.notify_all();
    }

    /// Something has failed for good, and nothing more can be done: whoever waits hears of it, and the stream
    /// stops at once.
    pub(crate) fn fail(&self, error: Error) {
        self.inner.lock().first_error.get_or_insert(error);
        self.order(Stop::Now);
    }

    /// Fails with what has failed for good, if anything has.
    pub(crate) fn go_on_unless_failed(&self) -> Result {
        let inner = self.inner.lock();
        match (&inner.first_error, inner.wanted) {
            (Some(error), Some(Stop::Now)) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    pub(crate) fn end(&self, stopped: Stopped) {
        let mut inner = self.inner.lock();
        inner.state = State::Stopped;
        inner.stopped = Some(stopped);
        // Whoever still waits for one hears that there will be none.
        inner.snapshots_wanted.clear();
        drop(inner);
        self.changed.notify_all();
    }

    /// Makes whoever waits look again.
    pub(crate) fn nudge(&self) {
        drop(self.inner.lock());
        self.changed.notify_all();
    }

    // ---- the handles' side ----

    /// Orders a stop. An order to stop now overrules a graceful one, not the other way round.
    pub(crate) fn order(&self, stop: Stop) {
        let mut inner = self.inner.lock();
        if inner.wanted != Some(Stop::Now) {
            inner.wanted = Some(stop);
        }
        inner.wanted_since.get_or_insert_with(Instant::now);
        if stop == Stop::Now {
            self.cancelled.store(true, Ordering::Relaxed);
        }
        drop(inner);
        self.changed.notify_all();
    }

    /// Asks for a snapshot, and waits for it.
    pub(crate) fn snapshot(&self) -> Result<Snapshot> {
        let stopped = || Error::Stopped { call: "snapshot" };
        let (tell, told) = channel();
        {
            let mut inner = self.inner.lock();
            if inner.state == State::Stopped {
                return Err(stopped());
            }
            inner.snapshots_wanted.push(tell);
        }
        self.changed.notify_all();
        told.recv().unwrap_or_else(|_| Err(stopped()))
    }

    /// Fails on the driver's thread, which would wait for itself.
    pub(crate) fn refuse_inside(&self, call: &'static str) -> Result {
        match self.inner.lock().driver {
            Some(driver) if driver == std::thread::current().id() => {
                Err(Error::FromInside { call })
            }
            _ => Ok(()),
        }
    }

    /// Waits until the stream has stopped or an output has failed, for at most `limit`; `None` if
    /// neither.
    pub(crate) fn wait_for_end(
        &self,
        limit: Option<std::time::Duration>,
    ) -> Option<Result<Stopped>> {
        self.wait_until(limit, |inner| match (&inner.first_error, inner.stopped) {
            (Some(error), _) => Some(Err(error.clone())),
            (None, Some(stopped)) => Some(Ok(stopped)),
            (None, None) => None,
        })
    }

    /// Waits until the stream has stopped, whatever failed before.
    pub(crate) fn wait_for_stop(&self, limit: Option<std::time::Duration>) -> Option<Stopped> {
        self.wait_until(limit, |inner| inner.stopped)
    }

    /// Waits until the batch at `time` is done, or the stream has stopped.
    pub(crate) fn wait_for_batch(&self, time: Time, limit: Duration) -> Result {
        self.wait_until(Some(limit.to_std()), |inner| {
            (inner.done_up_to.is_some_and(|done| done >= time) || inner.stopped.is_some())
                .then_some(())
        })
        .ok_or_else(|| Error::Deadline { what: format!("batch {time}"), limit })
    }

    fn wait_until<R>(
        &self,
        limit: Option<std::time::Duration>,
        mut look: impl FnMut(&Inner) -> Option<R>,
    ) -> Option<R> {
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        let mut inner = self.inner.lock();
        loop {
            if let Some(found) = look(&inner) {
                return Some(found);
            }
            match deadline {
                None => self.changed.wait(&mut inner),
                Some(deadline) if self.changed.wait_until(&mut inner, deadline).timed_out() => {
                    return look(&inner);
                }
                Some(_) => {}
            }
        }
    }
}
