//! Counts how often each word occurs in a window that slides.
//!
//! With the inverse a window takes out what leaves it; without, it keeps partial results in such a
//! way that none is needed.

use millstream::{DStream, Pipe, Text, Window};

use super::word_count::distinct_and_total;
use crate::job::{Answer, Answers};

pub(super) fn describe<'b, P: Pipe<'b, Item: Text<'b>>>(
    lines: &DStream<'b, P>,
    window: Window,
    answers: &Answers,
) {
    let words = lines.words().map(|word| (word, 1u64));
    answer(&words.reduce_by_key_and_window(|a, b| a + b, window), answers);
}

pub(super) fn describe_with_inverse<'b, P: Pipe<'b, Item: Text<'b>>>(
    lines: &DStream<'b, P>,
    window: Window,
    answers: &Answers,
) {
    let words = lines.words().map(|word| (word, 1u64));
    let counts = words.reduce_by_key_and_window_with_inverse(|a, b| a + b, |a, b| a - b, window);
    answer(&counts, answers);
}

fn answer<'b, P>(counts: &DStream<'b, P>, answers: &Answers)
where
    P: Pipe<'b, Item = (&'b str, u64)>,
{
    let answers = answers.clone();
    counts.for_each_rdd(move |rdd, time| {
        let (distinct, total) = distinct_and_total(&rdd);
        // A word is in as many totals as windows overlap.
        answers
            .put(time, Answer::default().standing("total", total).standing("distinct", distinct));
    });
}
