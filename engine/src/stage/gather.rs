//! Pairs of a pipeline gathered into groups, so that what is done with them is done many at a time.
//!
//! How many are gathered is known to one loop alone and stays in a register. Kept beside the pairs, in
//! memory, the number would cost each of them the wait for a store to be loaded again; and pairs in
//! `Option`s a tag to write and two to look at.

#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::{ptr, slice};

use crate::keyed::slots::GROUP;
use crate::pipe::{Pipe, push_all};

/// Runs one partition of a pipeline, and gives its pairs to `take` in groups of [`GROUP`], in order; the
/// last may be smaller.
#[inline]
pub(super) fn in_groups<'b, K, V, P: Pipe<'b, Item = (K, V)>>(
    pipe: &P,
    plan: &P::Plan,
    partition: usize,
    mut take: impl FnMut(&[K], Values<'_, V>),
) {
    let mut keys = [const { MaybeUninit::<K>::uninit() }; GROUP];
    let mut values = [const { MaybeUninit::<V>::uninit() }; GROUP];
    let mut gathered = 0;
    push_all(pipe, plan, partition, |(key, value)| {
        keys[gathered].write(key);
        values[gathered].write(value);
        gathered += 1;
        if gathered == GROUP {
            gathered = 0;
            give(&mut keys, &mut values, &mut take);
        }
    });
    give(&mut keys[..gathered], &mut values[..gathered], &mut take);
}

/// Gives pairs away; none of them is there any more when it returns or panics. Only for a caller that has
/// written all of them since the last time.
#[inline]
fn give<K, V>(
    keys: &mut [MaybeUninit<K>],
    values: &mut [MaybeUninit<V>],
    take: &mut impl FnMut(&[K], Values<'_, V>),
) {
    // SAFETY: whoever calls it has written each of them since it was last given away, as it asks for, and a
    // `MaybeUninit` lies in memory as what it holds.
    let keys = Keys(unsafe { &mut *(ptr::from_mut(keys) as *mut [K]) });
    take(keys.0, Values(values.iter_mut()));
}

/// Keys that are dropped when they have been looked at.
struct Keys<'g, K>(&'g mut [K]);

impl<K> Drop for Keys<'_, K> {
    fn drop(&mut self) {
        // SAFETY: they are there until now, and what they lie in is a `MaybeUninit` that is written
        // before it is looked at again.
        unsafe { ptr::drop_in_place(self.0) };
    }
}

/// The values of a group. Each that is not taken is dropped.
///
/// Invariant: those that the iterator has not passed are there.
pub(super) struct Values<'g, V>(slice::IterMut<'g, MaybeUninit<V>>);

impl<V> Iterator for Values<'_, V> {
    type Item = V;

    #[inline]
    fn next(&mut self) -> Option<V> {
        // SAFETY: it is there, by the invariant, and the iterator has passed it now.
        self.0.next().map(|value| unsafe { value.assume_init_read() })
    }
}

impl<V> Drop for Values<'_, V> {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;

    use super::*;

    /// As many pairs as there should be, each a clone of one `Arc` twice.
    fn give_some(len: usize, mut take: impl FnMut(&[Arc<()>], Values<'_, Arc<()>>)) -> usize {
        let witness = Arc::new(());
        let mut keys = [const { MaybeUninit::uninit() }; GROUP];
        let mut values = [const { MaybeUninit::uninit() }; GROUP];
        for i in 0..len {
            keys[i].write(witness.clone());
            values[i].write(witness.clone());
        }
        let given = catch_unwind(AssertUnwindSafe(|| {
            give(&mut keys[..len], &mut values[..len], &mut take)
        }));
        drop(given);
        Arc::strong_count(&witness) - 1
    }

    #[test]
    fn each_pair_is_dropped_once_whether_taken_left_or_panicked_over() {
        for len in [0, 1, 5, GROUP] {
            assert_eq!(give_some(len, |keys, values| assert_eq!(values.count(), keys.len())), 0);
            assert_eq!(give_some(len, |_, mut values| drop(values.next())), 0);
            assert_eq!(give_some(len, |_, _| ()), 0);
            let panics = |_: &[Arc<()>], mut values: Values<'_, Arc<()>>| {
                drop(values.next());
                panic!("in the function")
            };
            assert_eq!(give_some(len, panics), 0);
        }
    }
}
