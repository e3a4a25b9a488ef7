//! What a slide does with each key, while it is computed.

use crate::keyed::table::Table;

/// The changes of keys: of those that are known by number, and of new ones.
pub(super) struct Changes<K, C> {
    /// By number of a known key: where its change is.
    place: Vec<u32>,
    /// With the numbers of their keys, in the order in which they were first touched.
    known: Vec<(u32, C)>,
    new_keys: Table<K>,
    /// By number in `new_keys`.
    new: Vec<C>,
}

const UNTOUCHED: u32 = u32::MAX;

impl<K: Clone + Eq, C> Changes<K, C> {
    /// None yet, with room for so many `entries` that touch `known` keys.
    pub(super) fn new(known: usize, entries: usize) -> Self {
        Changes {
            place: vec![UNTOUCHED; known],
            known: Vec::with_capacity(entries.min(known)),
            new_keys: Table::default(),
            new: Vec::new(),
        }
    }

    /// The change of a known key, begun if this is the first time.
    #[inline]
    pub(super) fn of(&mut self, number: u32, begin: impl FnOnce() -> C) -> &mut C {
        let place = &mut self.place[number as usize];
        if *place == UNTOUCHED {
            *place = self.known.len() as u32;
            self.known.push((number, begin()));
        }
        &mut self.known[*place as usize].1
    }

    /// The change of a new key, begun if this is the first time, and the number that it will have.
    #[inline]
    pub(super) fn of_new(
        &mut self,
        hash: u64,
        key: &K,
        begin: impl FnOnce() -> C,
    ) -> (u32, &mut C) {
        let number = self.new_keys.find_or_insert(hash, |known| known == key, || key.clone());
        if number == self.new.len() {
            self.new.push(begin());
        }
        ((self.place.len() + number) as u32, &mut self.new[number])
    }

    /// The change of a known key, if the slide has touched it.
    #[inline]
    pub(super) fn find(&mut self, number: usize) -> Option<&mut C> {
        let place = self.place[number];
        (place != UNTOUCHED).then(|| &mut self.known[place as usize].1)
    }

    /// How many keys are new.
    pub(super) fn new_len(&self) -> usize {
        self.new.len()
    }

    /// Known keys by number, and new ones with their hashes, in the order of their numbers.
    pub(super) fn into_parts(self) -> (Vec<(u32, C)>, impl Iterator<Item = (K, u64, C)>) {
        let Changes { known, new_keys, new, .. } = self;
        let new = new.into_iter().enumerate();
        let new =
            new.map(move |(i, change)| (new_keys.keys()[i].clone(), new_keys.hashes()[i], change));
        (known, new)
    }
}
