//! A window's slide: what enters and what leaves, with an inverse and without.

use std::cell::{Cell, LazyCell};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};

use crate::by_hand::ByHand;
use crate::seeded::{self, Pair};
use crate::{streams, turns};

/// The keys of a batch, from all that there are.
const RECORDS: usize = 10_000;
const KEYS: u64 = 100_000;

/// In batches.
const LENGTH: usize = 100;

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("window");
    group.throughput(Throughput::Elements(RECORDS as u64));
    of(&mut group, "a sum, with its inverse", streams::window_sum);
    of(&mut group, "a maximum, without", streams::window_max);
    group.finish();
}

fn of(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, start: fn(usize) -> ByHand<Pair>) {
    let made = Cell::new(0);
    let next = || seeded::pairs(made.replace(made.get() + 1), RECORDS, KEYS);
    let full = LazyCell::new(|| {
        let stream = start(LENGTH);
        for _ in 0..=LENGTH {
            stream.give(next());
            stream.turn();
        }
        stream
    });
    group.bench_function(format!("{name}, {LENGTH} slides"), |b| turns::time(b, &full, &next));
}
