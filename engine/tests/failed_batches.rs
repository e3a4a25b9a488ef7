//! Windows over batches of which some fail, wherever in its turns a window is then.

#[expect(dead_code, reason = "these tests need a part of it")]
#[path = "model/seed.rs"]
mod seed;

use std::collections::BTreeMap;

use millstream::testing::{Collector, sorted};
use millstream::{Conf, ManualClock, Queue, Stop, StreamingContext, Time, Window, secs};

use seed::Random;

type Pair = (u8, String);

/// The batch that has this key fails.
const POISON: u8 = u8::MAX;

/// Batches of some of nine keys, each once at most, of which every sixth or so fails.
fn batches(len: usize) -> Vec<Vec<Pair>> {
    let mut random = Random::new(1);
    let batches = (0..len).map(|batch| {
        let keys = random.below(1 << 9) & random.below(1 << 9);
        let fails = batch > 0 && random.one_in(6);
        let keys = (0..9).filter(|key| keys & (1 << key) != 0).chain(fails.then_some(POISON));
        keys.map(|key| (key, format!("{batch}:{key} "))).collect()
    });
    batches.collect()
}

/// What the window that ends with batch `end` has: the batches before it that have not failed, and
/// that batch itself.
fn naive(batches: &[Vec<Pair>], end: usize, length: usize) -> Vec<Pair> {
    let mut results: BTreeMap<u8, String> = BTreeMap::new();
    for (at, batch) in batches[..=end].iter().enumerate().skip((end + 1).saturating_sub(length)) {
        if at < end && batch.iter().any(|(key, _)| *key == POISON) {
            continue;
        }
        for (key, value) in batch {
            results.entry(*key).or_default().push_str(value);
        }
    }
    results.into_iter().collect()
}

#[test]
fn a_window_without_an_inverse_has_what_batches_left_that_have_not_failed() {
    for (length, slide) in [(5, 1), (6, 2), (4, 3), (2, 3)] {
        let batches = batches(90);
        let (clock, queue, windowed) =
            (ManualClock::at(Time::default()), Queue::new(), Collector::new());
        let (input, into) = (queue.clone(), windowed.clone());
        let conf = Conf::new("failed").parallelism(2).clock(clock.clone());
        let ssc = StreamingContext::new(conf.warnings_on_stderr(false), secs(1)).unwrap();
        let running = ssc
            .start(move |s| {
                let pairs = s.queue_stream(&input);
                let window = Window::sliding(secs(1) * length, secs(1) * slide);
                into.collect(&pairs.reduce_by_key_and_window(|a: String, b| a + &b, window));
                pairs.map(|(key, _)| assert!(key != POISON, "poison")).for_each_rdd(|rdd, _| {
                    rdd.count();
                });
                Ok(())
            })
            .unwrap();
        for batch in &batches {
            queue.push(batch.clone());
            clock.advance(secs(1));
            running.wait_for_batch(clock.now(), secs(60)).unwrap();
        }
        running.stop(Stop::Now).unwrap();
        let results = sorted(windowed.take().into_iter().map(|(_, records)| records).collect());
        let (length, slide) = (length as usize, slide as usize);
        let ends = (0..batches.len()).filter(|end| (end + 1) % slide == 0);
        let wanted: Vec<_> = ends.map(|end| naive(&batches, end, length)).collect();
        assert_eq!(results, wanted, "a window of {length} batches that slides by {slide}");
    }
}
