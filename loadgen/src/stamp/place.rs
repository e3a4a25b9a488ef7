//! Where in a source a kind of fault lies, without a list of all its records.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// So many sources are named for each kind of fault.
pub(super) const MOST_SOURCES_NAMED: usize = 4;

/// So many ranges of sequences are kept for each source.
const MOST_RANGES: usize = 5;

/// Where a kind of fault lies in one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The source.
    pub source: u64,
    /// How often the fault is in it.
    pub count: u64,
    /// The first few ranges of sequences that have it.
    pub ranges: Vec<Range<u64>>,
    /// Whether an end mark has it.
    pub end_mark: bool,
}

impl Place {
    pub(super) fn in_source(source: u64) -> Self {
        Self { source, count: 0, ranges: Vec::new(), end_mark: false }
    }

    /// Counts a fault that each sequence of a range has so many times. Ranges come in order.
    pub(super) fn add(&mut self, range: Range<u64>, times: u64) {
        if range.is_empty() || times == 0 {
            return;
        }
        self.count += (range.end - range.start) * times;
        let kept = self.ranges.len();
        match self.ranges.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ if kept < MOST_RANGES => self.ranges.push(range),
            _ => {}
        }
    }

    /// Counts a fault that end marks have so many times.
    pub(super) fn add_end_marks(&mut self, times: u64) {
        self.count += times;
        self.end_mark |= times > 0;
    }

    /// Adds this place to a kind of fault: its count, and the first ones by name.
    pub(super) fn join(self, count: &mut u64, places: &mut Vec<Self>) {
        if self.count == 0 {
            return;
        }
        *count = count.saturating_add(self.count);
        if places.len() < MOST_SOURCES_NAMED {
            places.push(self);
        }
    }
}
