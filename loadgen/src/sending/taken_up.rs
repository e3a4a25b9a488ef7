//! When the lines of a connection were first taken up, for as long as they may have to be sent again.

use std::collections::VecDeque;

/// Moments by sequence. Lines that are written together were taken up at the same one, and are one
/// entry.
#[derive(Debug, Default)]
pub(super) struct TakenUp {
    /// The first sequence of each moment, and the moment, in microseconds since the epoch.
    moments: VecDeque<(u64, u64)>,
    /// The first sequence that has none yet.
    end: u64,
}

impl TakenUp {
    /// Notes that what comes before `end`, and has no moment yet, was taken up at this one.
    pub(super) fn note(&mut self, end: u64, at_us: u64) {
        if end <= self.end {
            return;
        }
        if self.moments.back().is_none_or(|&(_, last_us)| last_us != at_us) {
            self.moments.push_back((self.end, at_us));
        }
        self.end = end;
    }

    /// When a line was taken up first, if it was and is not forgotten.
    pub(super) fn moment_us(&self, sequence: u64) -> Option<u64> {
        let behind = self.moments.partition_point(|&(first, _)| first <= sequence);
        let &(_, at_us) = self.moments.get(behind.checked_sub(1)?)?;
        (sequence < self.end).then_some(at_us)
    }

    /// Forgets the lines before this one. Those that were never taken up are others' now.
    pub(super) fn forget_before(&mut self, sequence: u64) {
        while self.moments.get(1).is_some_and(|&(second, _)| second <= sequence) {
            self.moments.pop_front();
        }
        if sequence >= self.end {
            self.moments.clear();
            self.end = sequence;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_the_moment_at_which_they_were_taken_up_first() {
        let mut taken_up = TakenUp::default();
        for (end, at_us) in [(3, 100), (5, 100), (6, 200), (6, 300), (4, 400), (9, 500)] {
            taken_up.note(end, at_us);
        }
        let moments = |taken_up: &TakenUp| Vec::from_iter((0..11).map(|n| taken_up.moment_us(n)));
        let (a, b, c) = (Some(100), Some(200), Some(500));
        assert_eq!(moments(&taken_up), [a, a, a, a, a, b, c, c, c, None, None]);
        assert_eq!(taken_up.moments.len(), 3);
        taken_up.forget_before(5);
        assert_eq!(moments(&taken_up)[5..], [b, c, c, c, None, None]);
        assert_eq!(taken_up.moments.len(), 2);
        taken_up.forget_before(9);
        assert!(taken_up.moments.is_empty());
        taken_up.note(10, 600);
        assert_eq!(moments(&taken_up)[8..], [None, Some(600), None]);
    }

    #[test]
    fn what_others_sent_before_has_no_moment() {
        let mut taken_up = TakenUp::default();
        taken_up.forget_before(7);
        taken_up.note(9, 100);
        let moments = [6, 7, 8, 9].map(|n| taken_up.moment_us(n));
        assert_eq!(moments, [None, Some(100), Some(100), None]);
    }
}
