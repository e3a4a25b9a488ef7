//! Who hears of it, and the one place through which they are told.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parking_lot::RwLock;

use super::{BatchReport, Notice};
use crate::stderr::say;

/// Hears of everything that a running stream reports. Calls come on the engine's threads, so a slow
/// listener holds the stream up; hand work on to a thread of your own.
pub trait Listener: Send + Sync {
    /// A batch has ended, with success or without.
    fn batch_completed(&self, report: &BatchReport) {
        let _: &BatchReport = report;
    }

    /// Something else happened.
    fn notice(&self, notice: &Notice) {
        let _: &Notice = notice;
    }
}

/// The one place through which the engine speaks.
pub(crate) struct Progress {
    listeners: RwLock<Arc<[Arc<dyn Listener>]>>,
    warnings_on_stderr: bool,
}

impl Progress {
    pub(crate) fn new(listeners: Vec<Arc<dyn Listener>>, warnings_on_stderr: bool) -> Self {
        Progress { listeners: RwLock::new(listeners.into()), warnings_on_stderr }
    }

    pub(crate) fn add(&self, listener: Arc<dyn Listener>) {
        let mut listeners = self.listeners.write();
        *listeners = listeners.iter().cloned().chain([listener]).collect();
    }

    pub(crate) fn batch_completed(&self, report: &BatchReport) {
        self.tell(|listener| listener.batch_completed(report));
    }

    pub(crate) fn notice(&self, notice: &Notice) {
        self.tell(|listener| listener.notice(notice));
    }

    /// Calls every listener. One that panics is left alone, for the stream must not end with it; no
    /// lock is held, so that a listener may add another.
    fn tell(&self, what: impl Fn(&dyn Listener)) {
        let listeners = self.listeners.read().clone();
        for listener in &*listeners {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| what(&**listener))) {
                say!("a listener panicked, with the message above; the stream goes on");
                // A payload may panic in its own Drop.
                std::mem::forget(panic);
            }
        }
    }

    /// Something is wrong that the engine lives with.
    pub(crate) fn warn(&self, message: impl Into<String>) {
        self.notice_aloud(&Notice::Warning { message: message.into() });
    }

    /// A notice that is written to stderr too, unless `Conf::warnings_on_stderr` is off.
    pub(crate) fn notice_aloud(&self, notice: &Notice) {
        if self.warnings_on_stderr {
            say!("{notice}");
        }
        self.notice(notice);
    }
}
