//! Words of a text: the kernel beside the standard library's.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use loadgen::{Data, Text};
use millstream::internals;

fn words(c: &mut Criterion) {
    let text =
        Text::render(&Data { text_bytes: 1 << 20, ..Data::default() }).expect("usual options");
    let text = std::str::from_utf8(text.as_bytes()).expect("generated lines are ASCII");
    let mut group = c.benchmark_group("words");
    group.throughput(Throughput::Elements(text.split_ascii_whitespace().count() as u64));
    group.bench_function("kernel", |b| b.iter(|| internals::words(text)));
    group.bench_function("std split_ascii_whitespace", |b| {
        b.iter(|| text.split_ascii_whitespace().map(|word| word.len() as u64).sum::<u64>());
    });
    group.finish();
}

criterion_group!(benches, words);
criterion_main!(benches);
