//! The merge behind a shuffle: partitions that have each key once, brought together.

use criterion::{Criterion, Throughput};

use crate::{seeded, streams, turns};

const PARTITIONS: usize = 8;

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("shuffle");
    for keys in [1_000, 100_000] {
        group.throughput(Throughput::Elements((PARTITIONS * keys) as u64));
        for parallelism in [1, 2] {
            let stream = streams::merge(PARTITIONS, parallelism);
            let name = format!("{PARTITIONS} partitions of {keys} keys, {parallelism} at once");
            group.bench_function(name, |b| {
                turns::time(b, &stream, || {
                    (1..PARTITIONS).for_each(|_| stream.give(seeded::each_once(keys as u64)));
                    seeded::each_once(keys as u64)
                });
            });
        }
    }
    group.finish();
}
