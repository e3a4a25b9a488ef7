//! The kernels: calls of one, and the turns of whole streams.

use std::hint::black_box;

use millstream::{Framing, Key, internals};

use crate::by_hand::ByHand;
use crate::{seeded, streams};

const TEXT_BYTES: usize = 1 << 20;
const VOCABULARY: usize = 10_000;

/// As a receiver reads, while its sender is not much faster.
const READ_BYTES: usize = 16 << 10;

const PAIRS: usize = 100_000;
const KEYS: u64 = 10_000;

/// Few beside the pairs, where keys are to be found and not to be inserted.
const KNOWN_KEYS: u64 = 1_000;

/// Partitions that are merged.
const PARTITIONS: u64 = 8;

/// Batches in a window, and pairs in each.
const WINDOW: usize = 10;
const WINDOW_PAIRS: usize = 20_000;

/// Rounds after which nothing grows any more.
const WARM_UP_ROUNDS: usize = 3;

/// Something to run, round by round.
pub(crate) struct Kernel {
    pub(crate) name: &'static str,
    /// What a record of it is.
    pub(crate) record: &'static str,
    /// Before the rounds that count.
    pub(crate) warm_up_rounds: usize,
    /// Makes what it runs over, for so many rounds.
    pub(crate) begin: fn(usize) -> Rounds,
}

/// A kernel with its data.
pub(crate) struct Rounds {
    pub(crate) records_per_round: usize,
    pub(crate) run_one: Box<dyn FnMut()>,
}

/// All there are.
pub(crate) const KERNELS: &[Kernel] = &[
    Kernel::new("framing", "line", framing),
    Kernel::new("lines", "line", lines),
    Kernel::new("columns", "line", columns),
    Kernel::new("words", "word", words),
    Kernel::new("find-short", "key", |_| number(drawn(KNOWN_KEYS, short))),
    Kernel::new("find-long", "key", |_| number(drawn(KNOWN_KEYS, long))),
    Kernel::new("find-integer", "key", |_| number(drawn(KNOWN_KEYS, |key| key))),
    Kernel::new("insert-short", "key", |_| number(each_once(short))),
    Kernel::new("insert-long", "key", |_| number(each_once(long))),
    Kernel::new("insert-integer", "key", |_| number(each_once(|key| key))),
    Kernel::new("word-count", "word", word_count),
    Kernel::new("sum-by-key", "pair", sum_by_key),
    Kernel::new("shuffle", "pair", shuffle),
    Kernel::new("state", "pair", state),
    Kernel::new("window-sum", "pair", |rounds| window(streams::window_sum, rounds)).filled(),
    Kernel::new("window-max", "pair", |rounds| window(streams::window_max, rounds)).filled(),
];

impl Kernel {
    const fn new(name: &'static str, record: &'static str, begin: fn(usize) -> Rounds) -> Self {
        Kernel { name, record, warm_up_rounds: WARM_UP_ROUNDS, begin }
    }

    /// Warm when a window is full.
    const fn filled(self) -> Self {
        Kernel { warm_up_rounds: WARM_UP_ROUNDS + 2 * WINDOW, ..self }
    }
}

impl Rounds {
    fn of_calls<R>(records_per_round: usize, mut call: impl FnMut() -> R + 'static) -> Self {
        Rounds { records_per_round, run_one: Box::new(move || drop(black_box(call()))) }
    }

    /// A turn is a round. All batches are at hand before the first.
    fn of_turns<T: Send + Sync + 'static>(
        records_per_round: usize,
        stream: ByHand<T>,
        batches: impl Iterator<Item = Vec<T>>,
    ) -> Self {
        batches.for_each(|batch| stream.give(batch));
        let run_one = move || assert_ne!(stream.turn(), 0, "a batch has results");
        Rounds { records_per_round, run_one: Box::new(run_one) }
    }
}

fn framing(_rounds: usize) -> Rounds {
    let text = seeded::words(TEXT_BYTES, VOCABULARY);
    let mut buffer = Vec::new();
    Rounds::of_calls(text.lines().count(), move || {
        internals::frame(text.as_bytes().chunks(READ_BYTES), Framing::Lines, &mut buffer)
    })
}

fn lines(_rounds: usize) -> Rounds {
    let text = seeded::words(TEXT_BYTES, VOCABULARY);
    let lines = text.lines().count();
    let block = text.into_bytes().into();
    Rounds::of_calls(lines, move || internals::lines(&block))
}

fn columns(rounds: usize) -> Rounds {
    let text = seeded::key_values(TEXT_BYTES);
    let lines = text.lines().count();
    let batches = (0..rounds).map(|_| vec![text.clone()]);
    Rounds::of_turns(lines, streams::sum_of_column(), batches)
}

fn words(_rounds: usize) -> Rounds {
    let text = seeded::words(TEXT_BYTES, VOCABULARY);
    Rounds::of_calls(text.split_ascii_whitespace().count(), move || internals::words(&text))
}

/// Keys, most of which the table knows.
fn drawn<K>(keys: u64, form: impl Fn(u64) -> K) -> Vec<K> {
    seeded::pairs(1, PAIRS, keys).into_iter().map(|(key, _)| form(key)).collect()
}

/// Keys that are all new to the table.
fn each_once<K>(form: impl Fn(u64) -> K) -> Vec<K> {
    seeded::each_once(PAIRS as u64).into_iter().map(|(key, _)| form(key)).collect()
}

/// At most sixteen bytes, of different lengths.
fn short(key: u64) -> &'static str {
    format!("k{}", key * key).leak()
}

fn long(key: u64) -> &'static str {
    format!("/a/path/with/a/few/parts/and/{}", key * key).leak()
}

fn number<K: Key<'static> + Copy>(keys: Vec<K>) -> Rounds {
    Rounds::of_calls(keys.len(), move || internals::number(keys.iter().copied()))
}

fn word_count(rounds: usize) -> Rounds {
    let text = seeded::words(TEXT_BYTES, VOCABULARY);
    let words = text.split_ascii_whitespace().count();
    let batches = (0..rounds).map(|_| vec![text.clone()]);
    Rounds::of_turns(words, streams::word_count(1), batches)
}

fn sum_by_key(rounds: usize) -> Rounds {
    let pairs = seeded::pairs(1, PAIRS, KEYS);
    Rounds::of_turns(PAIRS, streams::sum_by_key(1), (0..rounds).map(|_| pairs.clone()))
}

fn shuffle(rounds: usize) -> Rounds {
    let stream = streams::merge(PARTITIONS as usize, 1);
    let partitions = rounds * PARTITIONS as usize;
    let pairs_per_round = (PARTITIONS * KEYS) as usize;
    Rounds::of_turns(pairs_per_round, stream, (0..partitions).map(|_| seeded::each_once(KEYS)))
}

fn state(rounds: usize) -> Rounds {
    let pairs = seeded::pairs(1, PAIRS, KEYS);
    Rounds::of_turns(PAIRS, streams::running_sum(1), (0..rounds).map(|_| pairs.clone()))
}

/// Batches come again after twice a window, so that keys come and go.
fn window(start: fn(usize) -> ByHand<seeded::Pair>, rounds: usize) -> Rounds {
    let batch = |round| seeded::pairs((round % (2 * WINDOW)) as u64, WINDOW_PAIRS, 10 * KEYS);
    Rounds::of_turns(WINDOW_PAIRS, start(WINDOW), (0..rounds).map(batch))
}
