//! Which keys have been idle for longest.

use crate::held::bytes_of;
use crate::time::Time;

const NONE: u32 = u32::MAX;

/// Numbers in order of when they were last touched: a list through arrays, so that a touch moves a
/// number to its end at a constant cost, and the oldest are at its front.
///
/// Invariant: the numbers in the list, followed by `next` from `first`, have rising `touched`.
pub(super) struct Idle {
    entries: Vec<Entry>,
    first: u32,
    last: u32,
}

#[derive(Clone)]
struct Entry {
    touched: Time,
    before: u32,
    next: u32,
    listed: bool,
}

impl Idle {
    pub(super) fn new() -> Self {
        Idle { entries: Vec::new(), first: NONE, last: NONE }
    }

    /// Bytes that it takes.
    pub(super) fn bytes(&self) -> u64 {
        bytes_of(&self.entries)
    }

    /// `number` was touched at `time`, which is not before any other touch.
    pub(super) fn touch(&mut self, number: usize, time: Time) {
        self.remove(number);
        let before = std::mem::replace(&mut self.last, number as u32);
        self.entries[number] = Entry { touched: time, before, next: NONE, listed: true };
        match before {
            NONE => self.first = number as u32,
            before => self.entries[before as usize].next = number as u32,
        }
    }

    /// `number` is listed no more.
    pub(super) fn remove(&mut self, number: usize) {
        if number >= self.entries.len() {
            let unlisted =
                Entry { touched: Time::default(), before: NONE, next: NONE, listed: false };
            self.entries.resize(number + 1, unlisted);
        }
        let Entry { before, next, listed, .. } = self.entries[number];
        if !listed {
            return;
        }
        self.entries[number].listed = false;
        match before {
            NONE => self.first = next,
            before => self.entries[before as usize].next = next,
        }
        match next {
            NONE => self.last = before,
            next => self.entries[next as usize].before = before,
        }
    }

    /// The numbers from the one that has been idle for longest, with their last touch.
    pub(super) fn oldest_first(&self) -> impl Iterator<Item = (usize, Time)> {
        let mut at = self.first;
        std::iter::from_fn(move || {
            let number = at;
            let entry = self.entries.get(number as usize)?;
            at = entry.next;
            Some((number as usize, entry.touched))
        })
    }

    /// When `number` was last touched.
    pub(super) fn touched(&self, number: usize) -> Time {
        self.entries.get(number).map_or(Time::default(), |entry| entry.touched)
    }

    /// The same list with each number as `renumber` gives it.
    pub(super) fn renumbered(&self, renumber: impl Fn(usize) -> usize) -> Idle {
        let mut idle = Idle::new();
        for (number, touched) in self.oldest_first() {
            idle.touch(renumber(number), touched);
        }
        idle
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Random;

    #[test]
    fn it_is_a_list_in_order_of_the_last_touch() {
        let mut idle = Idle::new();
        let mut obvious: Vec<(usize, Time)> = Vec::new();
        let mut random = Random::new(1);
        for step in 0..20_000 {
            let (number, time) = (random.below(50), Time::from_millis(step / 7));
            obvious.retain(|(other, _)| *other != number);
            if random.one_in(16) {
                idle.remove(number);
            } else {
                idle.touch(number, time);
                obvious.push((number, time));
                assert_eq!(idle.touched(number), time);
            }
            if step % 100 == 0 {
                assert_eq!(idle.oldest_first().collect::<Vec<_>>(), obvious);
            }
        }
        let moved: Vec<_> = obvious.iter().map(|&(number, time)| (number + 3, time)).collect();
        assert_eq!(idle.renumbered(|n| n + 3).oldest_first().collect::<Vec<_>>(), moved);
    }
}
