//! Finds the words that occur most often, in each batch or in a window: the most frequent first,
//! those of one count in the order of the alphabet.

use std::cmp::Reverse;

use millstream::{DStream, Pipe, Text, Window};
use serde_json::{Value, json};

use crate::job::{Answer, Answers};

pub(super) fn describe<'b, P: Pipe<'b, Item: Text<'b>>>(
    lines: &DStream<'b, P>,
    window: Option<Window>,
    most: usize,
    answers: &Answers,
) {
    let answers = answers.clone();
    let words = lines.words().map(|word| (word, 1u64));
    let counts = match window {
        None => words.reduce_by_key(|a, b| a + b),
        Some(window) => {
            words.reduce_by_key_and_window_with_inverse(|a, b| a + b, |a, b| a - b, window)
        }
    };
    counts.for_each_rdd(move |rdd, time| {
        let top = rdd.map(|(word, n)| (n, Reverse(word))).top(most);
        let top: Vec<Value> = top.into_iter().map(|(n, Reverse(word))| json!([word, n])).collect();
        answers.put(time, Answer::default().standing("top", top));
    });
}
