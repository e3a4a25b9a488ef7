//! Panics, as the case wants them: at marked records, or in the functions that merge.

use std::collections::BTreeMap;
use std::panic;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, Once};

/// The word that marks a record of each batch. A batch has one mark, in as many records as
/// operators make of it.
pub(crate) const MARKS: [&str; 5] = ["boom0", "boom1", "boom2", "boom3", "boom4"];

/// What the panics here say, so that the hook knows them.
const MESSAGE: &str = "a fault that the test wants";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// Fragile operators panic the first so many times that they meet a mark, whichever of its
    /// records it is.
    AtMarks { times: u32 },
    /// Fragile operators panic whenever they meet a mark.
    AlwaysAtMarks,
    /// The calls of merging functions panic from this number on, so many times.
    InMerges { from: u32, times: u32 },
}

/// The most times that a fault which passes may panic: a task is tried four times, and all may hit
/// the same task.
pub(crate) const MOST_TIMES: u32 = 3;

/// Counts the attempts of one run.
pub(crate) struct Attempts {
    fault: Option<Fault>,
    at_marks: Mutex<BTreeMap<&'static str, u32>>,
    merges: AtomicU32,
}

impl Attempts {
    pub(crate) fn new(fault: Option<Fault>) -> Self {
        Attempts { fault, at_marks: Mutex::default(), merges: AtomicU32::new(0) }
    }

    /// A fragile operator meets a record.
    pub(crate) fn meet(&self, text: &str) {
        let Some(mark) = mark_in(text) else { return };
        let wanted = match self.fault {
            Some(Fault::AlwaysAtMarks) => true,
            Some(Fault::AtMarks { times }) => {
                let mut attempts = self.at_marks.lock().expect("nobody panics with this lock");
                let before = attempts.entry(mark).or_default();
                *before += 1;
                *before <= times
            }
            Some(Fault::InMerges { .. }) | None => false,
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
