//! The windows that are measured.

use std::collections::BTreeMap;

use millstream::{DStream, Pipe, Window};
use serde::Serialize;

use super::batches::Pair;
use super::calls::Calls;
use super::seen::Seen;

/// What a window does with its pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Operation {
    /// Sums by key, with the inverse.
    Sum,
    /// The largest value by key; a maximum has no inverse.
    Max,
    /// How many pairs there are.
    Count,
}

impl Operation {
    pub(super) const ALL: [Operation; 3] = [Operation::Sum, Operation::Max, Operation::Count];

    /// What it is called in the table: the method, and the function that it is given.
    pub(super) fn name(self) -> &'static str {
        match self {
            Operation::Sum => "reduce_by_key_and_window_with_inverse, a sum",
            Operation::Max => "reduce_by_key_and_window, a maximum",
            Operation::Count => "count_by_window",
        }
    }

    /// How often the functions that the window is given are called, at most, for each partial result
    /// that enters or leaves, over many slides. A sum is added to or taken from. Without an inverse a
    /// result is taken in when it enters, once more when the stack that it is on is turned over, and
    /// the results of both stacks are brought together when it enters and when it leaves.
    pub(super) fn most_calls_per_entry(self) -> f64 {
        match self {
            Operation::Sum => 1.0,
            Operation::Max => 2.0,
            Operation::Count => 0.0,
        }
    }

    /// Describes the window. Its results go to `seen`, and calls of its functions are counted.
    pub(super) fn describe<'b, P>(
        self,
        pairs: &DStream<'b, P>,
        window: Window,
        calls: Calls,
        seen: Seen,
    ) where
        P: Pipe<'b, Item = Pair>,
    {
        match self {
            Operation::Sum => {
                let inverse_calls = calls.clone();
                let add = move |a: u64, b: u64| calls.counted(a + b);
                let subtract = move |a: u64, b: u64| inverse_calls.counted(a - b);
                seen.see(&pairs.reduce_by_key_and_window_with_inverse(add, subtract, window));
            }
            Operation::Max => {
                let max = move |a: u64, b: u64| calls.counted(a.max(b));
                seen.see(&pairs.reduce_by_key_and_window(max, window));
            }
            Operation::Count => seen.see(&pairs.count_by_window(window).map(|count| (0, count))),
        }
    }

    /// The same of all pairs in a window, recomputed.
    pub(super) fn naive(self, pairs: impl Iterator<Item = Pair>) -> BTreeMap<u64, u64> {
        let mut results = BTreeMap::new();
        for (key, value) in pairs {
            match self {
                Operation::Sum => *results.entry(key).or_default() += value,
                Operation::Max => {
                    let max = results.entry(key).or_default();
                    *max = value.max(*max);
                }
                Operation::Count => *results.entry(0).or_default() += 1,
            }
        }
        results
    }
}
