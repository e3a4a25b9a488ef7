//! From bytes in pieces to whole records: the receiver's part.

use criterion::{Criterion, Throughput};
use millstream::{Framing, internals};

use crate::seeded;

pub(crate) fn bench(c: &mut Criterion) {
    let text = seeded::words(1 << 20, 10_000);
    let bytes = text.as_bytes();
    let prefixed: Vec<u8> = text
        .lines()
        .flat_map(|line| [&(line.len() as u32).to_be_bytes(), line.as_bytes()].concat())
        .collect();
    let mut group = c.benchmark_group("framing");
    for (name, framing, bytes) in [
        ("lines", Framing::Lines, bytes),
        ("a length in front", Framing::LengthPrefixed, &prefixed),
        ("one length", Framing::Fixed(100), &bytes[..bytes.len() / 100 * 100]),
    ] {
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        for read_bytes in [512, 16 << 10, 256 << 10] {
            let mut buffer = Vec::new();
            group.bench_function(format!("{name}, reads of {read_bytes} bytes"), |b| {
                b.iter(|| internals::frame(bytes.chunks(read_bytes), framing, &mut buffer));
            });
        }
    }
    group.finish();
}
