//! The streams that are run as a whole.

use millstream::{StateSpec, Window};

use crate::by_hand::{ByHand, INTERVAL};
use crate::seeded::Pair;

/// How often each word occurs in a batch of texts.
pub(crate) fn word_count(parallelism: usize) -> ByHand<String> {
    ByHand::start(parallelism, |s, texts, results| {
        let words = s.queue_text_stream(texts).words();
        results.count(&words.map(|word| (word, 1u64)).reduce_by_key(|a, b| a + b));
    })
}

/// The sum of the second column of lines `key<TAB>integer`.
pub(crate) fn sum_of_column() -> ByHand<String> {
    ByHand::start(1, |s, texts, results| {
        let pairs = s.queue_text_stream(texts).fields('\t').parse::<(&str, u64)>();
        results.count(&pairs.map(|(_, value)| value).reduce(|a, b| a + b));
    })
}

/// The sum by key.
pub(crate) fn sum_by_key(parallelism: usize) -> ByHand<Pair> {
    ByHand::start(parallelism, |s, pairs, results| {
        results.count(&s.queue_stream(pairs).reduce_by_key(|a, b| a + b));
    })
}

/// The sum by key of so many partitions, each of which takes a batch from the queue. Where a key
/// comes once in a partition, all that is left to do is to merge them.
pub(crate) fn merge(partitions: usize, parallelism: usize) -> ByHand<Pair> {
    ByHand::start(parallelism, move |s, pairs, results| {
        let all = s.union((0..partitions).map(|_| s.queue_stream(pairs)));
        results.count(&all.reduce_by_key(|a, b| a + b));
    })
}

/// A sum for each key that goes on from batch to batch, record by record: pairs are brought to the
/// partition of their key, and its state is changed.
pub(crate) fn running_sum(parallelism: usize) -> ByHand<Pair> {
    ByHand::start(parallelism, |s, pairs, results| {
        let sums = s.queue_stream(pairs).map_with_state(StateSpec::new(), |_, value, state| {
            let sum = value.unwrap_or(0) + state.get().copied().unwrap_or(0u64);
            state.update(sum);
            sum
        });
        results.count(&sums);
    })
}

/// The sum by key in a window of so many batches, which takes out what leaves.
pub(crate) fn window_sum(batches: usize) -> ByHand<Pair> {
    ByHand::start(1, move |s, pairs, results| {
        let (add, subtract) = (|a, b| a + b, |a, b| a - b);
        let pairs = s.queue_stream(pairs);
        results.count(&pairs.reduce_by_key_and_window_with_inverse(add, subtract, every(batches)));
    })
}

/// The largest value by key in a window of so many batches: a maximum has no inverse.
pub(crate) fn window_max(batches: usize) -> ByHand<Pair> {
    ByHand::start(1, move |s, pairs, results| {
        results.count(&s.queue_stream(pairs).reduce_by_key_and_window(u64::max, every(batches)));
    })
}

/// A window of so many batches that slides with every batch.
pub(crate) fn every(batches: usize) -> Window {
    Window::every_batch(INTERVAL * i64::try_from(batches).expect("a window of some batches"))
}
