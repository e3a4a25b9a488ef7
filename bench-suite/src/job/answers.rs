//! The answers of a workload, on their way from its output to whoever reports the batch.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use millstream::Time;
use serde::Serialize;
use serde_json::Value;

/// What a workload has found in a batch, by name. Its JSON form is one object with all of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Answer {
    /// What adds up over batches, such as how many lines there were.
    #[serde(flatten)]
    pub adds_up: BTreeMap<&'static str, i64>,
    /// What is true of this batch, or of its window, and of nothing else, such as how many words
    /// were distinct.
    #[serde(flatten)]
    pub as_it_stands: BTreeMap<&'static str, Value>,
}

impl Answer {
    /// With this number, which adds up over batches. One beyond `i64` is as large as that goes.
    pub fn adding(mut self, name: &'static str, n: impl TryInto<i64>) -> Self {
        self.adds_up.insert(name, n.try_into().unwrap_or(i64::MAX));
        self
    }

    /// With this value, which stands for itself.
    pub fn standing(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.as_it_stands.insert(name, value.into());
        self
    }
}

/// By batch, what the workload has found. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Answers(Arc<Mutex<HashMap<Time, Answer>>>);

impl Answers {
    /// The answer of the batch at `time`.
    pub fn put(&self, time: Time, answer: Answer) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(time, answer);
    }

    /// Whether there is one.
    pub fn has(&self, time: Time) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&time)
    }

    /// Adds to the answer of the batch at `time`.
    pub fn add(&self, time: Time, more: Answer) {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = answers.entry(time).or_default();
        answer.adds_up.extend(more.adds_up);
        answer.as_it_stands.extend(more.as_it_stands);
    }

    /// Takes it out. There is none where the batch failed, or where no window was due.
    pub fn take(&self, time: Time) -> Option<Answer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_json_both_kinds_are_fields_of_one_object() {
        let answer = Answer::default().adding("total", 3u64).standing("top", vec!["a", "b"]);
        assert_eq!(
            serde_json::to_value(answer).unwrap(),
            serde_json::json!({ "total": 3, "top": ["a", "b"] })
        );
    }
}
