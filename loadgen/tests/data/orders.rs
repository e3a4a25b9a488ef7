//! Keys that come in an order, and keys that come and go.

use loadgen::{Data, Distribution, Preset};

use crate::chi_square::Fit;
use crate::lines::{KEYS, bytes_of, data, keys_in};

/// Draws asked for, about: a line of words has several.
const DRAWS: u64 = 200_000;

/// With every hundredth draw a new key comes.
const EVERY: u64 = 100;

const PRESETS: [Preset; 4] = [Preset::Words, Preset::Log, Preset::KeyValue, Preset::Binary];

/// The key of every draw.
fn draws(preset: Preset, distribution: Distribution) -> Vec<u64> {
    let asked: Data = data(preset, distribution);
    let records = if preset == Preset::Words { DRAWS / 13 } else { DRAWS };
    keys_in(preset, &bytes_of(&asked, records))
}

#[test]
fn in_a_sequence_every_key_follows_the_one_before() {
    for preset in PRESETS.into_iter().chain([Preset::Ysb]) {
        let draws = draws(preset, Distribution::Sequential);
        let expected = (0..KEYS as u64).cycle().take(draws.len());
        assert!(draws.iter().copied().eq(expected), "{}", preset.name());
        assert!(draws.len() as u64 > DRAWS * 9 / 10, "{} draws", draws.len());
    }
}

#[test]
fn of_keys_that_churn_only_those_alive_come_up_and_all_alike() {
    for preset in PRESETS {
        let draws = draws(preset, Distribution::Churn { every: EVERY });
        let mut by_age = vec![0; KEYS];
        for (position, &key) in draws.iter().enumerate() {
            let oldest = position as u64 / EVERY;
            assert!((oldest..oldest + KEYS as u64).contains(&key), "{key} at {position}");
            by_age[(key - oldest) as usize] += 1;
        }
        let even = vec![1.0 / KEYS as f64; KEYS];
        Fit::of(&by_age, &even).assert_good(&format!("{} churn by age", preset.name()));
    }
}

#[test]
fn every_key_that_churns_comes_up_as_long_as_it_is_alive() {
    for preset in PRESETS {
        let draws = draws(preset, Distribution::Churn { every: EVERY });
        let all_keys = KEYS + draws.len().div_ceil(EVERY as usize) - 1;
        let (mut counts, mut expected) = (vec![0; all_keys], vec![0.0; all_keys]);
        for (position, &key) in draws.iter().enumerate() {
            counts[key as usize] += 1;
            let oldest = position / EVERY as usize;
            expected[oldest..oldest + KEYS].iter_mut().for_each(|sum| *sum += 1.0 / KEYS as f64);
        }
        let fit = Fit::of_changing(&counts, &expected, KEYS);
        fit.assert_good(&format!("{} churn by key", preset.name()));
    }
}

#[test]
fn advertisements_do_not_churn() {
    let refusal = data(Preset::Ysb, Distribution::Churn { every: EVERY }).check().unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "--distribution churn:100 does not go with --preset ysb: its advertisements are always \
         the same"
    );
}
