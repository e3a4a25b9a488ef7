//! From bytes in pieces to records: the receiver's part, and the task's.

use bench_suite::roof;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use loadgen::{Data, Text};
use millstream::{Framing, internals};

fn framing(c: &mut Criterion) {
    let text =
        Text::render(&Data { text_bytes: 1 << 20, ..Data::default() }).expect("usual options");
    let bytes = text.as_bytes();
    let mut group = c.benchmark_group("framing");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    for read_bytes in [512, 16 << 10, 256 << 10] {
        let mut buffer = Vec::new();
        group.bench_function(format!("reads of {read_bytes} bytes"), |b| {
            b.iter(|| internals::frame(bytes.chunks(read_bytes), Framing::Lines, &mut buffer));
        });
    }
    let block = bytes.to_vec().into();
    group.bench_function("lines of a block", |b| b.iter(|| internals::lines(&block)));
    group.bench_function("lines, only counted (roof)", |b| b.iter(|| roof::lines::count(bytes)));
    group.finish();

    let prefixed: Vec<u8> = text_lines(bytes)
        .flat_map(|line| [&(line.len() as u32).to_be_bytes(), line].concat())
        .collect();
    let mut group = c.benchmark_group("records");
    for (name, framing, bytes) in [
        ("lines of any bytes", Framing::Lines, bytes),
        ("a length in front", Framing::LengthPrefixed, &prefixed),
        ("one length", Framing::Fixed(100), &bytes[..bytes.len() / 100 * 100]),
    ] {
        let (block, mut buffer) = (bytes.to_vec().into(), Vec::new());
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(format!("{name}, reads of 16384 bytes"), |b| {
            b.iter(|| internals::frame(bytes.chunks(16 << 10), framing, &mut buffer));
        });
        group.bench_function(format!("{name}, of a block"), |b| {
            b.iter(|| internals::records(&block, framing));
        });
    }
    group.finish();
}

fn text_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty())
}

criterion_group!(benches, framing);
criterion_main!(benches);
