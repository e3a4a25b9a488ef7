//! What is measured over: the same in every run.

use loadgen::{Data, Preset, Text};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

/// A key and a value.
pub(crate) type Pair = (u64, u64);

/// Lines of words, by Zipf's law; `text_bytes` is rounded up to whole MiB.
pub(crate) fn words(text_bytes: usize, vocabulary: usize) -> String {
    rendered(&Data { text_bytes, keys: vocabulary, ..Data::default() })
}

/// Lines `key<TAB>integer`, of 10,000 keys; `text_bytes` is rounded up to whole MiB.
pub(crate) fn key_values(text_bytes: usize) -> String {
    rendered(&Data { preset: Preset::KeyValue, text_bytes, ..Data::default() })
}

fn rendered(data: &Data) -> String {
    let text = Text::render(data).expect("usual options");
    String::from_utf8(text.as_bytes().to_vec()).expect("generated lines are ASCII")
}

/// Pairs whose keys are drawn from so many, all alike; another seed gives others.
pub(crate) fn pairs(seed: u64, records: usize, keys: u64) -> Vec<Pair> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    (0..records).map(|_| (random.random_range(0..keys), random.random_range(0..1000))).collect()
}

/// Pairs with so many keys, each once.
pub(crate) fn each_once(keys: u64) -> Vec<Pair> {
    (0..keys).map(|key| (key, key % 1000)).collect()
}
