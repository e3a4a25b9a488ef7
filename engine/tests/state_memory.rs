//! What the state of a key costs in memory, counted by an allocator that counts.

use counting::Counting;
use millstream::{Conf, ManualClock, Queue, Stop, StreamingContext, Time, secs};

mod counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting::new();

/// So many keys come with each batch, so that what a batch itself takes is little beside the state.
const KEYS_A_BATCH: usize = 1 << 14;

/// Bytes for each of `keys` short keys that a word count keeps, once they are all there and the batch is
/// over that brought the last.
fn bytes_a_key(keys: usize) -> f64 {
    let (clock, queue) = (ManualClock::at(Time::default()), Queue::new());
    let conf = Conf::new("state").parallelism(1).clock(clock.clone());
    let ssc = StreamingContext::new(conf, secs(1)).unwrap();
    let input = queue.clone();
    let running = ssc
        .start(move |s| {
            let words = s.queue_text_stream(&input).words().map(|word| (word, 1u64));
            let counts = words.update_state_by_key(|new: &[u64], old: Option<u64>| {
                Some(new.iter().sum::<u64>() + old.unwrap_or(0))
            });
            counts.count().for_each_rdd(|_, _| ());
            Ok(())
        })
        .unwrap();
    let batch = |words: std::ops::Range<usize>| {
        queue.push(vec![words.map(|n| format!("word-{n}\n")).collect::<String>()]);
        clock.advance(secs(1));
        running.wait_for_batch(clock.now(), secs(60)).unwrap();
    };
    batch(0..1);
    let before = ALLOCATOR.bytes();
    for first in (0..keys).step_by(KEYS_A_BATCH) {
        batch(first..keys.min(first + KEYS_A_BATCH));
    }
    // What the last large batch has left in tables that are kept is no state.
    for _ in 0..40 {
        batch(0..1);
    }
    let bytes = ALLOCATOR.bytes().saturating_sub(before) as f64 / keys as f64;
    running.stop(Stop::Now).unwrap();
    bytes
}

#[test]
fn a_short_key_with_a_count_takes_64_bytes() {
    // A little less than a power of two, where tables and lists are full before they grow.
    let (full, grown) = (bytes_a_key(220_000), bytes_a_key(280_000));
    assert!(full < 64.0, "{full:.1} bytes a key");
    assert!(grown < 2.0 * 64.0, "{grown:.1} bytes a key just after growing");
    println!("{full:.1} and {grown:.1} bytes a key");
}

#[test]
#[ignore = "takes a minute, and optimised code: cargo test --release --test state_memory -- --ignored"]
fn ten_million_keys_fit_into_a_gibibyte() {
    let bytes = bytes_a_key(10_000_000) * 1e7;
    assert!(bytes < (1u64 << 30) as f64, "{:.0} MiB", bytes / f64::from(1 << 20));
}
