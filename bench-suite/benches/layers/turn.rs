//! The batch's turn: what a batch costs that has nothing in it.

use criterion::Criterion;

use crate::streams;

pub(crate) fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("turn");
    for parallelism in [1, 2] {
        let stream = streams::word_count(parallelism);
        group.bench_function(format!("an empty word count, {parallelism} at once"), |b| {
            b.iter(|| stream.turn());
        });
    }
    group.finish();
}
