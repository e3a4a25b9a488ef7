//! Which of the schedule's lines a connection is owed.

use std::collections::VecDeque;

use crate::schedule::ENDLESS;

/// Some lines of the schedule, by their numbers: the first, and every `stride`-th after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) first: u64,
    pub(crate) stride: u64,
    /// How many; [`ENDLESS`] if there is no end of them, and then numbers mean nothing.
    pub(crate) lines: u64,
}

impl Grant {
    /// Lines without an end, that no schedule numbers.
    pub(crate) fn endless() -> Self {
        Self { first: 0, stride: 1, lines: ENDLESS }
    }

    /// The number of the n-th of its lines, from 0.
    pub(crate) fn number(&self, nth: u64) -> u64 {
        self.first.saturating_add(nth.saturating_mul(self.stride))
    }

    /// How many of its lines have lower numbers than this.
    pub(crate) fn lines_before(&self, number: u64) -> u64 {
        if self.lines == ENDLESS {
            return ENDLESS;
        }
        number.saturating_sub(self.first).div_ceil(self.stride).min(self.lines)
    }

    /// Its first lines, and the rest.
    pub(crate) fn split(self, lines: u64) -> (Self, Self) {
        let rest = if self.lines == ENDLESS { ENDLESS } else { self.lines - lines };
        (Self { lines, ..self }, Self { first: self.number(lines), lines: rest, ..self })
    }

    /// Its lines dealt to so many in turns: the share of one of them.
    pub(crate) fn share(self, nth: u64, of: u64) -> Self {
        let lines = self.lines / of + u64::from(nth < self.lines % of);
        Self { first: self.number(nth), stride: self.stride.saturating_mul(of), lines }
    }

    fn continues(&self, before: &Self) -> bool {
        let is_counted = self.lines != ENDLESS && before.lines != ENDLESS;
        is_counted && self.stride == before.stride && self.first == before.number(before.lines)
    }
}

/// Grants in the order in which they are to be sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grants {
    queue: VecDeque<Grant>,
}

impl Grants {
    /// How many lines there are; [`ENDLESS`] if there is no end of them.
    pub(crate) fn lines(&self) -> u64 {
        self.queue.iter().fold(0, |lines, grant| lines.saturating_add(grant.lines))
    }

    /// How many of the lines have lower numbers than this; [`ENDLESS`] if there is no end of them.
    pub(crate) fn lines_before(&self, number: u64) -> u64 {
        self.queue.iter().fold(0, |lines, grant| lines.saturating_add(grant.lines_before(number)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Adds lines at the end. While connections stay the same, what is added goes on where the last
    /// grant ends, and a queue of hours is one grant.
    pub(crate) fn push(&mut self, grant: Grant) {
        match self.queue.back_mut() {
            Some(last) if grant.continues(last) => last.lines += grant.lines,
            _ if grant.lines == 0 => {}
            _ => self.queue.push_back(grant),
        }
    }

    /// Puts lines back that were taken from the front.
    pub(crate) fn push_front(&mut self, grant: Grant) {
        match self.queue.front_mut() {
            Some(first) if first.lines == ENDLESS => {}
            Some(first) if first.continues(&grant) => {
                *first = Grant { lines: grant.lines + first.lines, ..grant };
            }
            _ if grant.lines == 0 => {}
            _ => self.queue.push_front(grant),
        }
    }

    /// Takes up to so many lines of one grant from the front.
    pub(crate) fn take(&mut self, at_most: u64) -> Option<Grant> {
        let first = self.queue.front_mut()?;
        let (taken, rest) = first.split(at_most.min(first.lines));
        *first = rest;
        if rest.lines == 0 {
            self.queue.pop_front();
        }
        Some(taken)
    }

    /// Takes up to so many lines from the back: those that come last.
    pub(crate) fn take_back(&mut self, lines: u64) -> Vec<Grant> {
        let mut left = lines;
        let mut taken = Vec::new();
        while let Some(last) = self.queue.back_mut().filter(|_| left > 0) {
            let (kept, back) = last.split(last.lines.saturating_sub(left));
            left -= back.lines.min(left);
            taken.push(back);
            *last = kept;
            if kept.lines == 0 {
                self.queue.pop_back();
            }
        }
        taken.reverse();
        taken
    }

    /// Takes all.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Grant> + '_ {
        self.queue.drain(..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(grants: impl IntoIterator<Item = Grant>) -> Vec<u64> {
        let of = |grant: Grant| (0..grant.lines).map(move |nth| grant.number(nth));
        grants.into_iter().flat_map(of).collect()
    }

    #[test]
    fn shares_are_all_lines_in_turns() {
        let grant = Grant { first: 10, stride: 2, lines: 7 };
        let shares: Vec<_> = (0..3).map(|nth| numbers([grant.share(nth, 3)])).collect();
        assert_eq!(shares, [vec![10, 16, 22], vec![12, 18], vec![14, 20]]);
    }

    #[test]
    fn what_goes_on_is_one_grant_and_comes_out_in_order() {
        let mut grants = Grants::default();
        for first in [0, 4, 8] {
            grants.push(Grant { first, stride: 2, lines: 2 });
        }
        grants.push(Grant { first: 100, stride: 1, lines: 3 });
        assert_eq!((grants.queue.len(), grants.lines()), (2, 9));
        let taken = grants.take(4).unwrap();
        assert_eq!(numbers([taken]), [0, 2, 4, 6]);
        grants.push_front(taken.split(3).1);
        assert_eq!(grants.queue.len(), 2);
        assert_eq!(numbers(grants.take_back(4)), [10, 100, 101, 102]);
        assert_eq!(numbers(grants.drain()), [6, 8]);
    }

    #[test]
    fn lines_before_a_number_are_counted() {
        let mut grants = Grants::default();
        grants.push(Grant { first: 10, stride: 3, lines: 4 });
        grants.push(Grant { first: 100, stride: 1, lines: 5 });
        for number in 0..120 {
            let mut copy = grants.clone();
            let before = numbers(copy.drain()).into_iter().filter(|&n| n < number).count();
            assert_eq!(grants.lines_before(number), before as u64, "{number}");
        }
        grants.push(Grant::endless());
        assert_eq!(grants.lines_before(0), ENDLESS);
    }

    #[test]
    fn there_is_no_end_of_the_endless() {
        let mut grants = Grants::default();
        grants.push(Grant::endless());
        assert_eq!(grants.take(5).unwrap().lines, 5);
        assert_eq!(grants.lines(), ENDLESS);
    }
}
