//! The answers of a workload, on their way from its output to whoever reports the batch.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use millstream::Time;
use serde_json::Value;

/// By batch, what the workload has found. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Answers(Arc<Mutex<HashMap<Time, Value>>>);

impl Answers {
    /// The answer of the batch at `time`.
    pub fn put(&self, time: Time, answer: Value) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(time, answer);
    }

    /// Takes it out; null where the batch failed.
    pub fn take(&self, time: Time) -> Value {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&time).unwrap_or(Value::Null)
    }
}
