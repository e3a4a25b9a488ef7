//! Lines a second of a word count from memory: by batch interval, by window and by parallelism.

use std::cell::LazyCell;

use criterion::{Criterion, Throughput};

use crate::by_hand::ByHand;
use crate::{seeded, streams, turns};

/// How long a batch interval is follows from how many lines come in it.
const LINES_PER_MS: usize = 1000;

/// As large as a receiver's blocks are at full load.
const BLOCK_BYTES: usize = 1 << 20;

const VOCABULARY: usize = 10_000;

pub(crate) fn bench(c: &mut Criterion) {
    by_batch_interval(c);
    by_window(c);
    by_parallelism(c);
}

/// The longer the interval, the less of a batch is what every batch costs, and the more of its
/// words have come before.
fn by_batch_interval(c: &mut Criterion) {
    let text = seeded::words(100 << 20, VOCABULARY);
    let mut group = c.benchmark_group("throughput by batch interval, a million lines a second");
    for interval_ms in [1, 10, 100, 1000] {
        let lines = interval_ms * LINES_PER_MS;
        let stream = streams::word_count(1);
        let batches = LazyCell::new(|| batches(&text, lines));
        group.throughput(Throughput::Elements(lines as u64));
        group.bench_function(format!("{interval_ms} ms"), |b| {
            let mut coming = batches.iter().cycle().cloned();
            turns::time(b, &stream, || coming.next().unwrap_or_default());
        });
    }
    group.finish();
}

/// A slide costs what enters and what leaves, so this is flat from ten slides on. A window of one has
/// fewer words in its result, and so less to count.
fn by_window(c: &mut Criterion) {
    const LINES: usize = 1000;
    let text = seeded::words(8 << 20, VOCABULARY);
    let batches = batches(&text, LINES);
    let mut group = c.benchmark_group("throughput by window, batches of 1000 lines");
    group.throughput(Throughput::Elements(LINES as u64));
    for slides in [1, 10, 100, 1000] {
        let full = LazyCell::new(|| filled(windowed_word_count(slides), slides, &batches));
        group.bench_function(format!("{slides} slides"), |b| {
            let mut coming = batches.iter().cycle().cloned();
            turns::time(b, &full, || coming.next().unwrap_or_default());
        });
    }
    group.finish();
}

fn by_parallelism(c: &mut Criterion) {
    const LINES: usize = 100_000;
    let text = seeded::words(20 << 20, VOCABULARY);
    let batches = batches(&text, LINES);
    let mut group = c.benchmark_group("throughput by parallelism, batches of 100000 lines");
    group.throughput(Throughput::Elements(LINES as u64));
    for parallelism in [1, 2] {
        let stream = streams::word_count(parallelism);
        group.bench_function(format!("{parallelism} at once"), |b| {
            let mut coming = batches.iter().cycle().cloned();
            turns::time(b, &stream, || coming.next().unwrap_or_default());
        });
    }
    group.finish();
}

/// A word count in a window of so many batches, which takes out what leaves.
fn windowed_word_count(batches: usize) -> ByHand<String> {
    ByHand::start(1, move |s, texts, results| {
        let pairs = s.queue_text_stream(texts).words().map(|word| (word, 1u64));
        let (add, subtract, window) = (|a, b| a + b, |a, b| a - b, streams::every(batches));
        results.count(&pairs.reduce_by_key_and_window_with_inverse(add, subtract, window));
    })
}

/// Whole batches of so many lines, each in blocks.
fn batches(text: &str, lines: usize) -> Vec<Vec<String>> {
    let lines_of_text: Vec<&str> = text.split_inclusive('\n').collect();
    let whole = lines_of_text.chunks_exact(lines);
    whole.map(blocks).collect()
}

fn blocks(lines: &[&str]) -> Vec<String> {
    let mut blocks = vec![String::new()];
    for line in lines {
        match blocks.last_mut() {
            Some(block) if block.len() + line.len() <= BLOCK_BYTES => block.push_str(line),
            _ => blocks.push((*line).to_owned()),
        }
    }
    blocks
}

/// A window of so many slides, with something leaving at every slide to come.
fn filled(stream: ByHand<String>, slides: usize, batches: &[Vec<String>]) -> ByHand<String> {
    for batch in batches.iter().cycle().take(slides + 1) {
        stream.give(batch.clone());
        stream.turn();
    }
    stream
}
