//! What a level costs persisted records: computed once, kept and read twice, beside what is computed twice.

use criterion::{Criterion, Throughput};
use millstream::{DStream, Pipe, StorageLevel};

use crate::by_hand::{ByHand, Results};
use crate::seeded::{self, Pair};
use crate::turns;

const RECORDS: usize = 1 << 18;

pub(crate) fn bench(c: &mut Criterion) {
    let pairs = seeded::pairs(1, RECORDS, 1 << 40);
    let mut group = c.benchmark_group("persist");
    group.throughput(Throughput::Elements(RECORDS as u64));
    let unkept = ByHand::start(1, |s, pairs, results| {
        read_twice(&s.queue_stream(pairs).map(mixed), results);
    });
    group.bench_function("computed twice", |b| turns::time(b, &unkept, || pairs.clone()));
    let levels = [
        StorageLevel::MEMORY_ONLY,
        StorageLevel::MEMORY_ONLY_SER,
        StorageLevel::MEMORY_AND_DISK,
        StorageLevel::DISK_ONLY,
    ];
    for level in levels {
        let kept = ByHand::start(1, move |s, pairs, results| {
            read_twice(&s.queue_stream(pairs).map(mixed).persist_at(level), results);
        });
        group.bench_function(level.to_string(), |b| turns::time(b, &kept, || pairs.clone()));
    }
    group.finish();
}

fn mixed((key, value): Pair) -> Pair {
    (key ^ (key >> 7), value)
}

fn read_twice<'b, P: Pipe<'b, Item = Pair>>(pairs: &DStream<'b, P>, results: &Results) {
    results.count(&pairs.map(|(key, _)| key).reduce(u64::max));
    results.count(&pairs.map(|(_, value)| value).reduce(u64::max));
}
