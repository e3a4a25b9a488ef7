//! Keys come up as often as their distribution says.

use std::collections::HashSet;

use loadgen::Distribution::{self, Hot, Uniform, Zipf};
use loadgen::{Data, Preset, Text};

use crate::chi_square::Fit;
use crate::lines::{KEYS, bytes_of, data, keys_in};

/// Events are written when they are due; so many are sent of them.
const EVENTS: u64 = 60_000;

/// The chance of each rank, from the most frequent on.
fn chances(distribution: Distribution) -> Vec<f64> {
    let ranks = 1..=KEYS;
    match distribution {
        Uniform => ranks.map(|_| 1.0 / KEYS as f64).collect(),
        Hot { keys, share } => ranks
            .map(|rank| match rank <= keys {
                true => share / keys as f64,
                false => (1.0 - share) / (KEYS - keys) as f64,
            })
            .collect(),
        Zipf { skew } => {
            let weights: Vec<f64> = ranks.map(|rank| (rank as f64).powf(-skew)).collect();
            let all: f64 = weights.iter().sum();
            weights.iter().map(|weight| weight / all).collect()
        }
        _ => unreachable!("the others have an order"),
    }
}

/// The key of each rank: words and pages are counted by rank, the others are scattered.
fn key_of(preset: Preset, rank: usize) -> usize {
    match preset {
        Preset::Words | Preset::Log => rank,
        _ => rank * stride(KEYS) % KEYS,
    }
}

/// The golden section of the keys, or the next number that shares no divisor with theirs.
fn stride(keys: usize) -> usize {
    let divides_both =
        |stride: usize| (2..=keys).any(|n| stride.is_multiple_of(n) && keys.is_multiple_of(n));
    let golden = (keys as f64 * 0.618_033_988_749_895) as usize;
    (golden..).find(|&stride| !divides_both(stride)).unwrap()
}

/// How often each rank comes up.
fn counts(data: &Data) -> Vec<u64> {
    let mut by_key = vec![0; KEYS];
    for key in keys_in(data.preset, &bytes_of(data, EVENTS)) {
        by_key[key as usize] += 1;
    }
    (0..KEYS).map(|rank| by_key[key_of(data.preset, rank)]).collect()
}

fn assert_distributions(preset: Preset) {
    let skews = [0.0, 0.5, 1.0, 1.5].map(|skew| Zipf { skew });
    let others = [Uniform, Hot { keys: 10, share: 0.9 }];
    for distribution in skews.into_iter().chain(others) {
        let fit = Fit::of(&counts(&data(preset, distribution)), &chances(distribution));
        fit.assert_good(&format!("{} {distribution:?}", preset.name()));
    }
}

#[test]
fn words_come_up_as_asked() {
    assert_distributions(Preset::Words);
}

#[test]
fn pages_of_a_log_come_up_as_asked() {
    assert_distributions(Preset::Log);
}

#[test]
fn keys_of_pairs_come_up_as_asked() {
    assert_distributions(Preset::KeyValue);
}

#[test]
fn keys_of_binary_records_come_up_as_asked() {
    assert_distributions(Preset::Binary);
}

#[test]
fn ads_come_up_as_asked() {
    assert_distributions(Preset::Ysb);
}

#[test]
fn a_skew_that_is_a_little_off_does_not_pass() {
    for preset in [Preset::Words, Preset::KeyValue] {
        let counts = counts(&data(preset, Zipf { skew: 1.0 }));
        for skew in [0.97, 1.03] {
            let z = Fit::of(&counts, &chances(Zipf { skew })).z();
            println!("{} of skew 1 held against skew {skew}: z {z:.2}", preset.name());
            assert!(z > 4.5, "{z}");
        }
    }
}

#[test]
fn the_most_frequent_keys_are_no_neighbours() {
    for keys in [100, 144, 1_008, 10_000, 28_657] {
        let asked = Data { keys, ..data(Preset::KeyValue, Zipf { skew: 1.5 }) };
        let text = Text::render(&asked).unwrap();
        let mut counts = vec![0; keys];
        for key in keys_in(Preset::KeyValue, text.as_bytes()) {
            counts[key as usize] += 1;
        }
        let mut by_count: Vec<usize> = (0..keys).collect();
        by_count.sort_by_key(|&key| std::cmp::Reverse(counts[key]));
        let frequent: HashSet<usize> = by_count[..10].iter().copied().collect();
        let neighbours: Vec<_> =
            frequent.iter().filter(|&&key| frequent.contains(&(key + 1))).collect();
        assert!(neighbours.is_empty(), "{keys} keys: {neighbours:?} of {frequent:?}");
    }
}

/// Whatever number of keys is asked for beside them.
#[test]
fn of_advertisements_as_many_can_be_hot_as_there_are() {
    let asked = |keys, hot| Data { keys, ..data(Preset::Ysb, Hot { keys: hot, share: 0.9 }) };
    assert!(asked(5, KEYS - 1).check().is_ok());
    let refusal = asked(10_000, KEYS).check().unwrap_err().to_string();
    assert!(refusal.contains("1000 of 1000 keys cannot be hot"), "{refusal}");
}
