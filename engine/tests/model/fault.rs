//! Panics, as the case wants them: at marked records, in the functions that merge or change state,
//! or in the closures of transform.

use std::collections::BTreeMap;
use std::panic;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, Once};

use crate::input::MOST_BATCHES;

/// The word that marks a record of each batch. A batch has one mark, in as many records as
/// operators make of it.
pub(crate) const MARKS: [&str; MOST_BATCHES] =
    ["boom0", "boom1", "boom2", "boom3", "boom4", "boom5", "boom6", "boom7", "boom8", "boom9"];

/// What the panics here say, so that the hook knows them.
const MESSAGE: &str = "a fault that the test wants";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// Fragile operators panic the first so many times that they meet a mark, whichever of its
    /// records it is.
    AtMarks { times: u32 },
    /// Fragile operators panic whenever they meet a mark.
    AlwaysAtMarks,
    /// The calls of functions that merge, take off or change state panic from this number on, so
    /// many times.
    InMerges { from: u32, times: u32 },
    /// The closures of transform panic in this batch.
    InTransforms { batch: usize },
}

/// The most times that a fault which passes may panic: a task is tried four times, and all may hit
/// the same task.
pub(crate) const MOST_TIMES: u32 = 3;

/// Counts the attempts of one run.
pub(crate) struct Attempts {
    fault: Option<Fault>,
    at_marks: Mutex<BTreeMap<&'static str, u32>>,
    merges: AtomicU32,
    /// Since the batch before.
    in_batch: AtomicU32,
}

impl Attempts {
    pub(crate) fn new(fault: Option<Fault>) -> Self {
        Attempts {
            fault,
            at_marks: Mutex::default(),
            merges: AtomicU32::new(0),
            in_batch: AtomicU32::new(0),
        }
    }

    /// A batch comes. In each there are at most so many panics that pass as a task may have, for a
    /// task that reads a window may meet the marks of several batches.
    pub(crate) fn begin_batch(&self) {
        self.in_batch.store(0, Ordering::Relaxed);
    }

    /// Whether merging functions are counted.
    pub(crate) fn watches_merges(&self) -> bool {
        matches!(self.fault, Some(Fault::InMerges { .. }))
    }

    /// Whether the closures of transform panic in this batch, which is counted from 0.
    pub(crate) fn transform(&self, batch: u64) {
        let wanted = |at: usize| at as u64 == batch;
        let panics = matches!(self.fault, Some(Fault::InTransforms { batch: at }) if wanted(at));
        assert!(!panics, "{MESSAGE}");
    }

    /// A fragile operator meets a record.
    pub(crate) fn meet(&self, text: &str) {
        let Some(mark) = mark_in(text) else { return };
        let wanted = match self.fault {
            Some(Fault::AlwaysAtMarks) => true,
            Some(Fault::AtMarks { times }) => {
                let mut attempts = self.at_marks.lock().expect("nobody panics with this lock");
                let before = attempts.entry(mark).or_default();
                let wanted =
                    *before < times && self.in_batch.fetch_add(1, Ordering::Relaxed) < MOST_TIMES;
                *before += u32::from(wanted);
                wanted
            }
            Some(Fault::InMerges { .. } | Fault::InTransforms { .. }) | None => false,
        };
        assert!(!wanted, "{MESSAGE}");
    }

    /// A merging function is called.
    pub(crate) fn merge(&self) {
        if let Some(Fault::InMerges { from, times }) = self.fault {
            let number = self.merges.fetch_add(1, Ordering::Relaxed);
            assert!(!(from..from + times).contains(&number), "{MESSAGE}");
        }
    }
}

/// A panic that the tests want.
pub(crate) fn panic_as_wanted() -> ! {
    panic!("{MESSAGE}")
}

/// The mark in a text.
pub(crate) fn mark_in(text: &str) -> Option<&'static str> {
    MARKS.into_iter().find(|mark| text.contains(mark))
}

/// Keeps the panics that the tests want off the terminal; any other is reported as ever.
pub(crate) fn silence() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !info.to_string().ends_with(MESSAGE) {
                report(info);
            }
        }));
    });
}
