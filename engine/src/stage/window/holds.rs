//! Slides over keys that come and go, held against what is in the window.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::fold::Fold;
use super::part::{Moves, Part};
use super::slices::{Slice, SlicePart};
use crate::batch::Batch;
use crate::durable::Durable;
use crate::keyed::table::hash_of;
use crate::seed::Random;
use crate::time::{Time, secs};

/// What one batch leaves of each of its keys.
pub(super) type Entries<V> = Vec<(u64, V)>;

/// How many slices leave, and how many enter.
type Move = (usize, usize);

/// Runs `slides` over the slices, and checks each result against `naive` over what the window has
/// of each key. Each slide is computed twice, and dropped the first time, as when its batch fails.
pub(super) fn holds<V: Durable, F: Fold<V>>(
    fold: &F,
    slices: &[Entries<V>],
    slides: &[Move],
    naive: impl Fn(&[V]) -> F::Out,
) where
    F::Out: PartialEq + Debug,
{
    let pool = Arc::new(ThreadPoolBuilder::new().num_threads(1).build().unwrap());
    let made: Vec<Slice<u64, V>> = slices.iter().map(|entries| slice_of(entries)).collect();
    let mut part = Part::default();
    let (mut first, mut end) = (0, 0);
    for &(leaving, entering) in slides {
        let left = first + leaving;
        let moves = Moves {
            leaving: made[first..left].to_vec(),
            turning: part.must_turn_over(fold, leaving).then(|| made[left..end].to_vec()),
            entering: made[end..end + entering].to_vec(),
        };
        (first, end) = (left, end + entering);
        let mut values: BTreeMap<u64, Vec<V>> = BTreeMap::new();
        for (key, value) in slices[first..end].iter().flatten() {
            values.entry(*key).or_default().push(value.clone());
        }
        let wanted: Vec<(u64, F::Out)> =
            values.iter().map(|(key, values)| (*key, naive(values))).collect();
        for dropped in [true, false] {
            let (slide, mut results) = part.slide::<u64>(&batch(&pool), fold, &moves, 0);
            results.sort_unstable_by_key(|(key, _)| *key);
            assert_eq!(results, wanted, "{first}..{end} of {slides:?}");
            if !dropped {
                part.apply(slide);
            }
        }
    }
}

fn batch(pool: &Arc<ThreadPool>) -> Batch<'static> {
    let (inputs, past) = (Arc::default(), Arc::default());
    let time = Time::default() + secs(1);
    Batch::new(time, Time::default(), inputs, past, pool.clone(), Arc::default())
}

fn slice_of<V: Clone>(entries: &[(u64, V)]) -> Slice<u64, V> {
    Arc::new(vec![SlicePart {
        keys: Arc::new(entries.iter().map(|(key, _)| *key).collect()),
        hashes: entries.iter().map(|(key, _)| hash_of(key)).collect(),
        values: entries.iter().map(|(_, value)| value.clone()).collect(),
    }])
}

/// So many slices of which each has some of twelve keys, or none; the values are those of `make`.
/// Keys come up in another order each time, and some are away for long.
pub(super) fn sparse_slices<V>(len: usize, make: impl Fn(usize) -> V) -> Vec<Entries<V>> {
    let mut random = Random::new(1);
    let mut made = 0;
    let slices = (0..len).map(|slice| {
        let (most, around) = (1 + random.below(5), slice / 8 * 3);
        let mut keys: Vec<u64> = Vec::new();
        for _ in 0..random.below(most + 1) {
            let key = ((around + random.below(6)) % 12) as u64;
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let entries = keys.into_iter().map(|key| {
            made += 1;
            (key, make(made))
        });
        entries.collect()
    });
    slices.collect()
}

/// Many ways in which a window can slide over `len` slices.
pub(super) fn ways_to_slide(len: usize) -> Vec<Vec<Move>> {
    let mut ways = Vec::new();
    let mut random = Random::new(1);
    for _ in 0..300 {
        let (mut inside, mut entered, mut slides) = (0, 0, Vec::new());
        while entered < len {
            let leaving = match random.below(4) {
                0 => random.below(inside + 1),
                _ => random.below(2).min(inside),
            };
            let entering = (1 + random.below(3)).min(len - entered) * random.below(2);
            inside = inside - leaving + entering;
            entered += entering;
            slides.push((leaving, entering));
        }
        ways.push(slides);
    }
    ways
}
