//! From bytes in pieces to lines: the receiver's part, and the task's.

use bench_suite::roof;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use loadgen::{Text, TextOptions};
use millstream::internals;

fn framing(c: &mut Criterion) {
    let text = Text::render(&TextOptions { text_bytes: 1 << 20, ..TextOptions::default() })
        .expect("usual options");
    let bytes = text.as_bytes();
    let mut group = c.benchmark_group("framing");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    for read_bytes in [512, 16 << 10, 256 << 10] {
        let mut buffer = Vec::new();
        group.bench_function(format!("reads of {read_bytes} bytes"), |b| {
            b.iter(|| internals::frame(bytes.chunks(read_bytes), &mut buffer));
        });
    }
    let block = bytes.to_vec().into();
    group.bench_function("lines of a block", |b| b.iter(|| internals::lines(&block)));
    group.bench_function("lines, only counted (roof)", |b| b.iter(|| roof::lines::count(bytes)));
    group.finish();
}

criterion_group!(benches, framing);
criterion_main!(benches);
