//! Keys into a table that begins empty: ours beside the standard library's.

use std::collections::HashMap;
use std::hash::Hash;

use criterion::{Criterion, Throughput};
use millstream::{Key, internals};

use crate::seeded;

pub(crate) fn bench(c: &mut Criterion) {
    for vocabulary in [10_000, 1_000_000] {
        let text = seeded::words(8 << 20, vocabulary);
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        of(c, &format!("words of {vocabulary}"), &words);
    }
    for keys in [10_000, 1_000_000] {
        let pairs = seeded::pairs(1, 1 << 20, keys);
        let integers: Vec<u64> = pairs.into_iter().map(|(key, _)| key).collect();
        of(c, &format!("integers of {keys}"), &integers);
    }
}

fn of<'k, K: Key<'k> + Copy + Hash>(c: &mut Criterion, name: &str, keys: &[K]) {
    let mut group = c.benchmark_group(format!("table, {name}"));
    group.throughput(Throughput::Elements(keys.len() as u64));
    group.bench_function("table", |b| b.iter(|| internals::number(keys.iter().copied())));
    group.bench_function("std HashMap", |b| {
        b.iter(|| {
            let mut counts: HashMap<K, u64> = HashMap::new();
            for &key in keys {
                *counts.entry(key).or_default() += 1;
            }
            counts.len()
        });
    });
    group.finish();
}
