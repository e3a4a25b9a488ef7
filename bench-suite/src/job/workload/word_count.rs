//! Counts how often each word occurs.

use millstream::{DStream, Pipe, Rdd, Text};

use crate::job::{Answer, Answers};

pub(super) fn describe<'b, P: Pipe<'b, Item: Text<'b>>>(lines: &DStream<'b, P>, answers: &Answers) {
    let answers = answers.clone();
    let counts = lines.words().map(|word| (word, 1u64)).reduce_by_key(|a, b| a + b);
    counts.for_each_rdd(move |rdd, time| {
        let (distinct, total) = distinct_and_total(&rdd);
        answers.put(time, Answer::default().adding("total", total).standing("distinct", distinct));
    });
}

/// How many words there are, and how often they occur together.
pub(super) fn distinct_and_total<'b, P>(counts: &Rdd<'b, P>) -> (u64, u64)
where
    P: Pipe<'b, Item = (&'b str, u64)>,
{
    counts.aggregate(
        || (0, 0),
        |(words, sum), (_, n)| (words + 1, sum + n),
        |a, b| (a.0 + b.0, a.1 + b.1),
    )
}
