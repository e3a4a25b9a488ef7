//! Which of the schedule's lines are those of one sender.

use crate::schedule::ENDLESS;
use crate::sending::grants::Grant;

/// Senders take the schedule's lines in turns: line `n` of the schedule is that of sender `n` modulo
/// their number, whatever becomes of their connections. A sender numbers its own lines from 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) nth: u64,
    pub(super) of: u64,
}

impl Share {
    /// The number in the schedule of one of its lines.
    pub(super) fn number(&self, sequence: u64) -> u64 {
        sequence.saturating_mul(self.of).saturating_add(self.nth)
    }

    /// How many of the schedule's first lines are its own; [`ENDLESS`] of lines without an end.
    pub(super) fn of_first(&self, lines: u64) -> u64 {
        if lines == ENDLESS { ENDLESS } else { lines.saturating_sub(self.nth).div_ceil(self.of) }
    }

    /// Its lines from one up to another, in the schedule's numbers.
    pub(super) fn grant(&self, from: u64, to: u64) -> Grant {
        if to == ENDLESS {
            return Grant::endless();
        }
        Grant { first: self.number(from), stride: self.of, lines: to.saturating_sub(from) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_that_of_one_sender() {
        for of in 1..5 {
            for lines in 0..40 {
                let mut numbers = Vec::new();
                for nth in 0..of {
                    let share = Share { nth, of };
                    let grant = share.grant(0, share.of_first(lines));
                    numbers.extend((0..grant.lines).map(|n| grant.number(n)));
                    assert!((0..grant.lines).all(|n| grant.number(n) == share.number(n)));
                }
                numbers.sort_unstable();
                assert_eq!(numbers, Vec::from_iter(0..lines), "{of} senders");
            }
        }
    }

    #[test]
    fn of_lines_without_an_end_there_is_no_end() {
        let share = Share { nth: 2, of: 3 };
        assert_eq!(share.of_first(ENDLESS), ENDLESS);
        assert_eq!(share.grant(7, ENDLESS), Grant::endless());
    }
}
