//! Words of a text: the kernel beside the standard library's.

use criterion::{Criterion, Throughput};
use millstream::internals;

use crate::seeded;

pub(crate) fn bench(c: &mut Criterion) {
    let text = seeded::words(1 << 20, 10_000);
    let mut group = c.benchmark_group("words");
    group.throughput(Throughput::Elements(text.split_ascii_whitespace().count() as u64));
    group.bench_function("kernel", |b| b.iter(|| internals::words(&text)));
    group.bench_function("std split_ascii_whitespace", |b| {
        b.iter(|| text.split_ascii_whitespace().map(|word| word.len() as u64).sum::<u64>());
    });
    group.finish();
}
