//! Pairs brought to the partition of their key, and its state changed.

use criterion::{Criterion, Throughput};

use crate::{seeded, streams, turns};

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("exchange and state");
    for keys in [10_000, 1_000_000] {
        let pairs = seeded::pairs(1, 1 << 18, keys);
        group.throughput(Throughput::Elements(pairs.len() as u64));
        for parallelism in [1, 2] {
            let stream = streams::running_sum(parallelism);
            group.bench_function(format!("{keys} keys, {parallelism} at once"), |b| {
                turns::time(b, &stream, || pairs.clone());
            });
        }
    }
    group.finish();
}
