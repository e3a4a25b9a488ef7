//! Columns cut from lines and read: `key<TAB>integer` through the operators, beside the standard
//! library.

use criterion::{Criterion, Throughput};

use crate::{seeded, streams, turns};

pub(crate) fn bench(c: &mut Criterion) {
    let text = seeded::key_values(1 << 20);
    let mut group = c.benchmark_group("columns");
    group.throughput(Throughput::Elements(text.lines().count() as u64));
    let stream = streams::sum_of_column();
    group.bench_function("fields and parse, through a stream", |b| {
        turns::time(b, &stream, || vec![text.clone()]);
    });
    group.bench_function("std split_once and parse", |b| {
        b.iter(|| {
            let columns = text.lines().filter_map(|line| line.split_once('\t'));
            columns.filter_map(|(_, value)| value.parse::<u64>().ok()).sum::<u64>()
        });
    });
    group.finish();
}
