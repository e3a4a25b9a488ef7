//! Records of equal keys brought together, through the whole stage: words beside the bare word
//! count, integer keys beside the standard library's table.

use std::collections::HashMap;

use bench_suite::roof::word_count::Counter;
use criterion::{Criterion, Throughput};

use crate::{seeded, streams, turns};

/// A hundred times as many words as the smaller vocabulary has.
const TEXT_BYTES: usize = 8 << 20;

pub(crate) fn bench(c: &mut Criterion) {
    for vocabulary in [10_000, 1_000_000] {
        let text = seeded::words(TEXT_BYTES, vocabulary);
        let mut group = c.benchmark_group(format!("combine by key, {vocabulary} words"));
        group.throughput(Throughput::Elements(text.split_ascii_whitespace().count() as u64));
        let stream = streams::word_count(1);
        group.bench_function("word count", |b| turns::time(b, &stream, || vec![text.clone()]));
        let mut counter = Counter::default();
        group.bench_function("bare word count, its table full (roof)", |b| {
            b.iter(|| {
                counter.feed(text.as_bytes());
                counter.distinct()
            });
        });
        group.finish();
    }
    for keys in [10_000, 1_000_000] {
        let pairs = seeded::pairs(1, 1 << 20, keys);
        let mut group = c.benchmark_group(format!("combine by key, {keys} integers"));
        group.throughput(Throughput::Elements(pairs.len() as u64));
        let stream = streams::sum_by_key(1);
        group.bench_function("sum by key", |b| turns::time(b, &stream, || pairs.clone()));
        let mut sums: HashMap<u64, u64> = HashMap::new();
        group.bench_function("std HashMap", |b| {
            b.iter(|| {
                sums.clear();
                for (key, value) in &pairs {
                    *sums.entry(*key).or_default() += value;
                }
                sums.len()
            });
        });
        group.finish();
    }
}
