//! A stage's narrow loop: six operators, fused, beside the same loop by hand.

use criterion::{Criterion, Throughput};

use crate::by_hand::ByHand;
use crate::{seeded, turns};

const RECORDS: usize = 1 << 20;

pub(crate) fn bench(c: &mut Criterion) {
    let numbers: Vec<u64> =
        seeded::pairs(1, RECORDS, 1 << 40).into_iter().map(|(key, _)| key).collect();
    let mut group = c.benchmark_group("narrow");
    group.throughput(Throughput::Elements(RECORDS as u64));
    let fused = ByHand::start(1, |s, numbers, results| {
        let kept = s.queue_stream(numbers).map(|n| n ^ (n >> 7)).filter(|n| n % 4 != 0);
        let pairs = kept.map(|n: u64| n.wrapping_mul(0x9E37_79B9)).map(|n| (n >> 5, n & 31));
        let sums = pairs.map_values(|n| n + 1).filter(|(key, _)| key % 8 != 0);
        results.count(&sums.map(|(key, value)| key ^ value).reduce(|a, b| a ^ b));
    });
    group.bench_function("operators, fused", |b| turns::time(b, &fused, || numbers.clone()));
    group.bench_function("by hand", |b| b.iter(|| by_hand(&numbers)));
    group.finish();
}

fn by_hand(numbers: &[u64]) -> Option<u64> {
    let mut reduced = None;
    for n in numbers {
        let n = n ^ (n >> 7);
        if n % 4 == 0 {
            continue;
        }
        let n = n.wrapping_mul(0x9E37_79B9);
        let (key, value) = (n >> 5, (n & 31) + 1);
        if key % 8 != 0 {
            reduced = Some(reduced.map_or(key ^ value, |so_far: u64| so_far ^ key ^ value));
        }
    }
    reduced
}
