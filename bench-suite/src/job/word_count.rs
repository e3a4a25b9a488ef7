//! Counts how often each word occurs.

use millstream::{DStream, Pipe, Text};
use serde_json::json;

use super::Answers;

pub(super) fn describe<'b, P: Pipe<'b, Item: Text<'b>>>(lines: &DStream<'b, P>, answers: &Answers) {
    let answers = answers.clone();
    let counts = lines.words().map(|word| (word, 1u64)).reduce_by_key(|a, b| a + b);
    counts.for_each_rdd(move |rdd, time| {
        let (distinct, total) = rdd.aggregate(
            || (0u64, 0u64),
            |(words, sum), (_, n)| (words + 1, sum + n),
            |a, b| (a.0 + b.0, a.1 + b.1),
        );
        answers.put(time, json!({ "distinct": distinct, "total": total }));
    });
}
