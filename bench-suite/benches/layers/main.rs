//! What each layer costs, in the order of ARCHITECTURE.md, and then what all of them give together,
//! by batch interval, window and parallelism. Beside a layer stands the obvious loop, or the roof.
//!
//!     cargo bench -p bench-suite                   all of it, in less than ten minutes
//!     cargo bench -p bench-suite -- words          what has `words` in its name
//!     cargo bench -p bench-suite -- --test         each once, to see that it runs

mod by_hand;
mod seeded;
mod streams;
mod turns;

mod framing;
mod lines;
mod columns;
mod words;
mod log;
mod table;
mod narrow;
mod combine_by_key;
mod shuffle;
mod persist;
mod state;
mod window;
mod turn;
mod throughput;

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};

/// Programs that embed the engine choose their allocator; the suite's own has this one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Short, because there are many: what drifts by more than this can tell is the machine.
fn short() -> Criterion {
    Criterion::default()
        .sample_size(15)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500))
}

criterion_group! {
    name = layers;
    config = short();
    targets =
        framing::bench,
        lines::bench,
        columns::bench,
        words::bench,
        log::bench,
        table::bench,
        narrow::bench,
        combine_by_key::bench,
        shuffle::bench,
        persist::bench,
        state::bench,
        window::bench,
        turn::bench,
        throughput::bench,
}
criterion_main!(layers);
