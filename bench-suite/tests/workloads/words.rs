//! Words in windows, and the most frequent ones.

use std::collections::BTreeMap;

use loadgen::{Data, Text};
use serde_json::{Value, json};

use crate::fed::{Batch, Fed};

/// The workload over a text that comes in pieces.
fn over_text(workload: &str, flags: &[&str]) -> (Vec<Batch>, Value) {
    let data = Data { text_bytes: 1 << 20, ..Data::default() };
    let text = Text::render(&data).unwrap();
    let lines: Vec<&str> = std::str::from_utf8(text.as_bytes()).unwrap().lines().collect();
    let mut fed = Fed::start(workload, 1, flags);
    for piece in lines.chunks(lines.len() / 7) {
        fed.send(0, &(piece.join("\n") + "\n"));
    }
    // Until the windows are empty again.
    for _ in 0..5 {
        fed.send(0, "\n");
    }
    fed.end()
}

/// How often each word occurs in the last batches.
fn counts(window: &[Batch]) -> BTreeMap<&str, u64> {
    let mut counts = BTreeMap::new();
    for word in window.iter().flat_map(Batch::lines).flat_map(str::split_whitespace) {
        *counts.entry(word).or_default() += 1;
    }
    counts
}

/// The last `length` batches up to each.
fn windows(batches: &[Batch], length: usize) -> impl Iterator<Item = (&Value, &[Batch])> {
    (1..=batches.len())
        .map(move |end| (&batches[end - 1].result, &batches[end.saturating_sub(length)..end]))
}

fn distinct_and_total(window: &[Batch]) -> Value {
    let counts = counts(window);
    json!({ "distinct": counts.len(), "total": counts.values().sum::<u64>() })
}

fn top(window: &[Batch], n: usize) -> Value {
    let mut top: Vec<(&str, u64)> = counts(window).into_iter().collect();
    top.sort_by_key(|&(word, count)| (std::cmp::Reverse(count), word));
    top.truncate(n);
    json!({ "top": top })
}

#[test]
fn each_batch_has_its_own_word_counts() {
    let (batches, totals) = over_text("word-count", &[]);
    for (result, window) in windows(&batches, 1) {
        assert_eq!(result, &distinct_and_total(window));
    }
    assert_eq!(totals, json!({ "total": counts(&batches).values().sum::<u64>() }));
}

#[test]
fn with_and_without_the_inverse_a_window_has_the_words_of_its_batches() {
    for workload in ["windowed-word-count", "windowed-word-count-inverse"] {
        let (batches, totals) = over_text(workload, &["--window", "300ms"]);
        for (result, window) in windows(&batches, 3) {
            assert_eq!(result, &distinct_and_total(window), "{workload}");
        }
        assert_eq!(totals, json!({}), "windows overlap");
    }
}

#[test]
fn a_window_is_ten_batches_long_and_comes_with_its_slide() {
    let (batches, _) = over_text("windowed-word-count", &["--slide", "200ms"]);
    let (due, not_due): (Vec<_>, Vec<_>) = windows(&batches, 10).partition(|(r, _)| !r.is_null());
    assert!(due.len().abs_diff(not_due.len()) <= 1, "every second batch has one");
    for (result, window) in due {
        assert_eq!(result, &distinct_and_total(window));
    }
}

#[test]
fn the_most_frequent_words_come_first_and_those_of_one_count_by_the_alphabet() {
    for (flags, length, n) in [
        (&["--top", "7"][..], 1, 7),
        (&["--window", "200ms"], 2, 10),
        (&["--window", "200ms", "--top", "100000"], 2, 100_000),
    ] {
        let (batches, totals) = over_text("top-words", flags);
        for (result, window) in windows(&batches, length) {
            assert_eq!(result, &top(window, n), "{flags:?}");
        }
        assert_eq!(totals, json!({}));
    }
}
