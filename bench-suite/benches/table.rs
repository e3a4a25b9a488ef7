//! Words into a table: ours, the standard library's, and the roof's, which does nothing else.

use std::collections::HashMap;

use bench_suite::roof::word_count::Counter;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use loadgen::{Data, Text};
use millstream::internals;

fn table(c: &mut Criterion) {
    for vocabulary in [10_000, 1_000_000] {
        let data = Data { text_bytes: 8 << 20, keys: vocabulary, ..Data::default() };
        let text = Text::render(&data).expect("usual options");
        let text = std::str::from_utf8(text.as_bytes()).expect("generated lines are ASCII");
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let mut group = c.benchmark_group(format!("table of {vocabulary} words"));
        group.sample_size(10).throughput(Throughput::Elements(words.len() as u64));
        group.bench_function("table", |b| b.iter(|| internals::number(words.iter().copied())));
        group.bench_function("std HashMap", |b| {
            b.iter(|| {
                let mut counts: HashMap<&str, u64> = HashMap::new();
                for word in &words {
                    *counts.entry(word).or_default() += 1;
                }
                counts.len()
            });
        });
        let mut counter = Counter::default();
        group.bench_function("bare word count, splitting included (roof)", |b| {
            b.iter(|| {
                counter.feed(text.as_bytes());
                counter.distinct()
            });
        });
        group.finish();
    }
}

criterion_group!(benches, table);
criterion_main!(benches);
