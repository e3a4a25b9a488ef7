//! A block's records, checked and visited: the task's part.

use bench_suite::roof;
use criterion::{Criterion, Throughput};
use millstream::{Framing, internals};

use crate::seeded;

pub(crate) fn bench(c: &mut Criterion) {
    let text = seeded::words(1 << 20, 10_000);
    let mut group = c.benchmark_group("lines");
    group.throughput(Throughput::Bytes(text.len() as u64));
    let block = text.into_bytes().into();
    group.bench_function("text, checked", |b| b.iter(|| internals::lines(&block)));
    group.bench_function("any bytes", |b| {
        b.iter(|| internals::records(&block, Framing::Lines));
    });
    group.bench_function("std lines, checked", |b| {
        b.iter(|| std::str::from_utf8(&block).map(|text| text.lines().count()));
    });
    group.bench_function("only counted (roof)", |b| b.iter(|| roof::lines::count(&block)));
    group.finish();
}
