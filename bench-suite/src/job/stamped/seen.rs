//! What one task has seen of stamped records.

use loadgen::{Checker, StampedLine};

/// Moments are kept to so many microseconds: then records that were due together are one entry.
const TICK_US: u64 = 10;

/// The records of a part of a batch: for the checker which they were, for the latency when they
/// were due and sent. It takes memory by the spread of the moments, not by the records.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) checker: Checker,
    pub(super) moments: Vec<Moment>,
}

/// When records were due and sent, in microseconds since the epoch, and how many were so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) intended_us: u64,
    pub(super) sent_us: u64,
    pub(super) records: u64,
}

impl Seen {
    /// One more line.
    pub(super) fn see(&mut self, line: &[u8]) {
        if let StampedLine::Record { stamp, .. } = self.checker.see(line) {
            let at = |us: u64| us - us % TICK_US;
            let (intended_us, sent_us) = (at(stamp.intended_us), at(stamp.sent_us));
            match self.moments.last_mut() {
                Some(last) if (last.intended_us, last.sent_us) == (intended_us, sent_us) => {
                    last.records += 1;
                }
                _ => self.moments.push(Moment { intended_us, sent_us, records: 1 }),
            }
        }
    }

    /// All that another has seen.
    pub(super) fn merge(&mut self, other: &Self) {
        self.checker.merge(&other.checker);
        self.moments.extend_from_slice(&other.moments);
    }
}

#[cfg(test)]
mod tests {
    use loadgen::Stamp;

    use super::*;

    #[test]
    fn records_of_one_moment_are_one_entry() {
        let mut seen = Seen::default();
        for (sequence, intended_us) in [100, 104, 109, 110, 111, 100].into_iter().enumerate() {
            let mut line = Vec::new();
            let stamp = Stamp { source: 1, sequence: sequence as u64, intended_us, sent_us: 205 };
            stamp.write(b"body", &mut line);
            seen.see(line.strip_suffix(b"\n").unwrap());
        }
        let moments: Vec<_> = seen.moments.iter().map(|m| (m.intended_us, m.records)).collect();
        assert_eq!(moments, [(100, 3), (110, 2), (100, 1)]);
        assert!(seen.moments.iter().all(|moment| moment.sent_us == 200));
        let mut other = Seen::default();
        other.see(b"no stamp");
        seen.merge(&other);
        assert_eq!(seen.checker.verdict().foreign, 1);
    }
}
