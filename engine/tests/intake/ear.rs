//! An ear on everything that an engine says.

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration as StdDuration, Instant};

use millstream::Time;
use millstream::progress::{BatchReport, Listener, Notice};

/// What is waited for longer than this fails its test.
const PATIENCE: StdDuration = StdDuration::from_secs(30);

/// Remembers everything that an engine says.
#[derive(Clone, Default)]
pub(crate) struct Ear(Arc<(Mutex<Heard>, Condvar)>);

#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) notices: Vec<Notice>,
    pub(crate) reports: Vec<BatchReport>,
}

impl Listener for Ear {
    fn batch_completed(&self, report: &BatchReport) {
        self.0.0.lock().expect("no test panics with it").reports.push(report.clone());
        self.0.1.notify_all();
    }

    fn notice(&self, notice: &Notice) {
        self.0.0.lock().expect("no test panics with it").notices.push(notice.clone());
        self.0.1.notify_all();
    }
}

impl Ear {
    /// Waits until `look` finds something in what was heard.
    pub(crate) fn wait_for<R>(&self, what: &str, mut look: impl FnMut(&Heard) -> Option<R>) -> R {
        let until = Instant::now() + PATIENCE;
        let mut heard = self.0.0.lock().expect("no test panics with it");
        loop {
            if let Some(found) = look(&heard) {
                return found;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                drop(heard);
                panic!("waited in vain: {what}");
            }
            heard = self.0.1.wait_timeout(heard, left).expect("no test panics with it").0;
        }
    }

    /// Waits until something more is heard, or for so long.
    pub(crate) fn listen(&self, at_most: StdDuration) {
        let heard = self.0.0.lock().expect("no test panics with it");
        drop(self.0.1.wait_timeout(heard, at_most).expect("no test panics with it"));
    }

    /// What `look` finds in what was heard so far.
    pub(crate) fn so_far<R>(&self, look: impl FnOnce(&Heard) -> R) -> R {
        look(&self.0.0.lock().expect("no test panics with it"))
    }

    /// Connections that have ended so far.
    pub(crate) fn disconnected(&self) -> usize {
        self.so_far(Heard::disconnected)
    }

    /// Connections that have come about.
    pub(crate) fn connected(&self) -> usize {
        self.so_far(Heard::connected)
    }

    /// Waits until `n` connections have been made in all.
    pub(crate) fn wait_for_connections(&self, n: usize) {
        self.wait_for("connections", |heard| (heard.connected() >= n).then_some(()));
    }

    /// Waits until `n` connections have ended in all: everything that came over them is in.
    pub(crate) fn wait_for_ends(&self, n: usize) {
        self.wait_for("ends of connections", |heard| (heard.disconnected() >= n).then_some(()));
    }

    /// The warnings so far that contain `part`.
    pub(crate) fn warnings(&self, part: &str) -> Vec<String> {
        self.so_far(|heard| {
            let sentences = heard.notices.iter().filter_map(|notice| match notice {
                Notice::Warning { message } if message.contains(part) => Some(message.clone()),
                _ => None,
            });
            sentences.collect()
        })
    }

    /// Waits for the report of the batch at `time`.
    pub(crate) fn report(&self, time: Time) -> BatchReport {
        self.wait_for("a batch's report", |heard| heard.report(time).cloned())
    }

    /// All reports so far.
    pub(crate) fn reports(&self) -> Vec<BatchReport> {
        self.so_far(|heard| heard.reports.clone())
    }
}

impl Heard {
    /// The report of the batch at `time`, the first one.
    pub(crate) fn report(&self, time: Time) -> Option<&BatchReport> {
        self.reports.iter().find(|report| report.batch_time() == time)
    }

    fn connected(&self) -> usize {
        self.notices.iter().filter(|n| matches!(n, Notice::Connected { .. })).count()
    }

    fn disconnected(&self) -> usize {
        self.notices.iter().filter(|n| matches!(n, Notice::Disconnected { .. })).count()
    }
}
