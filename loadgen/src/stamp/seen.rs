//! How often each record of a source has come, in little memory if they come in order.

use std::ops::Range;

use rangemap::RangeMap;

use super::Place;

/// A multiset of sequences below `u64::MAX`.
///
/// Sequences in order grow one run, whose numbers are all that changes. Where the order breaks, the
/// run is put with what came before: ranges of sequences that have come equally often, coalesced.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    copies: RangeMap<u64, u64>,
    /// Sequences that have come once and lie in no range of `copies`; may be empty.
    run: Range<u64>,
    /// The run may grow up to here: the start of the next range of `copies`.
    run_limit: u64,
}

/// What a source's records come to.
pub(super) struct Account {
    /// How many different ones of the source's own have come.
    pub(super) records: u64,
    /// Below another that has come.
    pub(super) lost: Place,
    /// Behind the last that has come.
    pub(super) lost_at_end: Range<u64>,
    /// Copies beyond the first.
    pub(super) duplicated: Place,
    /// All copies of those at or beyond the end.
    pub(super) beyond: Place,
}

impl Default for Seen {
    fn default() -> Self {
        Self { copies: RangeMap::new(), run: 0..0, run_limit: u64::MAX }
    }
}

impl Seen {
    /// Adds a copy of this sequence, which must be below `u64::MAX`.
    #[inline]
    pub(super) fn add(&mut self, sequence: u64) {
        if sequence == self.run.end && sequence < self.run_limit {
            self.run.end += 1;
        } else {
            self.add_elsewhere(sequence);
        }
    }

    #[cold]
    fn add_elsewhere(&mut self, sequence: u64) {
        self.close_run();
        let copies = self.copies.get(&sequence).copied().unwrap_or(0);
        self.copies.insert(sequence..sequence + 1, copies + 1);
        self.begin_run(sequence + 1);
    }

    /// Adds all copies that `other` has.
    pub(super) fn merge(&mut self, other: &Self) {
        self.close_run();
        for (range, &copies) in other.copies.iter() {
            self.add_range(range, copies);
        }
        self.add_range(&other.run, 1);
        self.begin_run(self.run.end);
    }

    /// So that the next sequence of an orderly source is on the fast path, wherever it goes on.
    fn begin_run(&mut self, at: u64) {
        self.run = at..at;
        self.run_limit =
            self.copies.overlapping(at..u64::MAX).next().map_or(u64::MAX, |(next, _)| next.start);
    }

    fn close_run(&mut self) {
        if !self.run.is_empty() {
            self.copies.insert(self.run.clone(), 1);
            self.run.start = self.run.end;
        }
    }

    fn add_range(&mut self, range: &Range<u64>, copies: u64) {
        if range.is_empty() {
            return;
        }
        let gaps = self.copies.gaps(range).map(|gap| (gap, 0));
        let there = self.copies.overlapping(range).map(|(piece, &already)| {
            (piece.start.max(range.start)..piece.end.min(range.end), already)
        });
        let pieces: Vec<_> = gaps.chain(there).collect();
        for (piece, already) in pieces {
            self.copies.insert(piece, already + copies);
        }
    }

    /// What `source` has brought, held against how many records it has sent; without that, up to
    /// the highest one seen.
    pub(super) fn account(&self, source: u64, records_sent: Option<u64>) -> Account {
        let mut all = self.clone();
        all.close_run();
        let end = records_sent
            .or_else(|| all.copies.last_range_value().map(|(last, _)| last.end))
            .unwrap_or(0);
        let mut account = Account {
            records: 0,
            lost: Place::in_source(source),
            lost_at_end: end..end,
            duplicated: Place::in_source(source),
            beyond: Place::in_source(source),
        };
        let mut next = 0;
        for (range, &copies) in all.copies.iter() {
            let own = range.start.min(end)..range.end.min(end);
            account.lost.add(next.min(end)..own.start, 1);
            account.records += own.end - own.start;
            account.duplicated.add(own.clone(), copies - 1);
            account.beyond.add(range.start.max(end)..range.end, copies);
            next = own.end;
        }
        account.lost_at_end = next..end;
        account
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rand::rngs::Xoshiro256PlusPlus;
    use rand::{RngExt, SeedableRng};

    use super::*;

    /// The obvious multiset.
    type Model = BTreeMap<u64, u64>;

    fn check(seen: &Seen, model: &Model, records_sent: Option<u64>) {
        let end = records_sent.unwrap_or(model.keys().max().map_or(0, |max| max + 1));
        let account = seen.account(0, records_sent);
        assert_eq!(account.records, model.range(..end).count() as u64);
        let lost_at_end = account.lost_at_end.end - account.lost_at_end.start;
        assert_eq!(account.lost.count + lost_at_end, end - account.records);
        let behind_all = model.keys().max().map_or(0, |last| last + 1);
        assert_eq!(account.lost_at_end, behind_all.min(end)..end);
        assert_eq!(account.duplicated.count, model.range(..end).map(|(_, n)| n - 1).sum::<u64>());
        assert_eq!(account.beyond.count, model.range(end..).map(|(_, n)| n).sum::<u64>());
    }

    #[test]
    fn any_order_and_any_parts_count_alike() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        for _ in 0..500 {
            let mut parts = vec![Seen::default(); rng.random_range(1..4)];
            let mut model = Model::new();
            let mut next = 0;
            for _ in 0..rng.random_range(0..60) {
                // Mostly the next one, or else any, so that runs grow into what is there.
                next = if rng.random_bool(0.7) { next + 1 } else { rng.random_range(0..40) };
                let part = rng.random_range(0..parts.len());
                parts[part].add(next);
                *model.entry(next).or_default() += 1;
            }
            let mut seen = Seen::default();
            parts.iter().for_each(|part| seen.merge(part));
            for records_sent in [None, Some(0), Some(1), Some(20), Some(100)] {
                check(&seen, &model, records_sent);
            }
            seen.add(next + 1);
            *model.entry(next + 1).or_default() += 1;
            check(&seen, &model, None);
        }
    }

    #[test]
    fn order_and_pairs_out_of_order_leave_one_range() {
        let mut seen = Seen::default();
        (0..100_000).for_each(|sequence| seen.add(sequence));
        assert_eq!(seen.copies.len(), 0);
        (100_000..200_000).for_each(|sequence| seen.add(sequence ^ 1));
        (0..200_000).for_each(|sequence| seen.add(sequence));
        assert!(seen.copies.len() <= 2, "{} ranges", seen.copies.len());
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let mut seen = Seen::default();
        for sequence in [u64::MAX - 1, 0, u64::MAX - 1, u64::MAX - 2] {
            seen.add(sequence);
        }
        let account = seen.account(0, Some(u64::MAX));
        assert_eq!((account.records, account.duplicated.count), (3, 1));
        assert_eq!(account.lost.count, u64::MAX - 3);
        assert!(account.lost_at_end.is_empty());
        assert_eq!(account.lost.ranges.first(), Some(&(1..u64::MAX - 2)));
        assert_eq!(seen.account(0, None).lost.count, u64::MAX - 3);
        assert_eq!(seen.account(0, Some(0)).beyond.count, 4);
    }
}
