//! What records come to, whatever their order: how many, and their digests added up.

use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// A sum over records of one source, which can be taken apart again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// How many.
    pub records: u64,
    /// Their digests, modulo 2^64.
    pub digest: u64,
}

impl Sum {
    /// Of one record.
    pub fn of(digest: u64) -> Self {
        Sum { records: 1, digest }
    }

    /// As a line of an output.
    pub(crate) fn line(self, source: u64) -> String {
        format!("{source} {} {}", self.records, self.digest)
    }

    /// What such a line says, if it is one.
    pub fn read(line: &str) -> Option<(u64, Self)> {
        let mut numbers = line.split(' ').map(|number| number.parse().ok());
        let (source, records, digest) = (numbers.next()??, numbers.next()??, numbers.next()??);
        numbers.next().is_none().then_some((source, Sum { records, digest }))
    }
}

impl Add for Sum {
    type Output = Sum;

    fn add(self, other: Sum) -> Sum {
        Sum {
            records: self.records.wrapping_add(other.records),
            digest: self.digest.wrapping_add(other.digest),
        }
    }
}

impl Sub for Sum {
    type Output = Sum;

    fn sub(self, other: Sum) -> Sum {
        Sum {
            records: self.records.wrapping_sub(other.records),
            digest: self.digest.wrapping_sub(other.digest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written_and_no_other_is() {
        let sum = Sum { records: 7, digest: u64::MAX };
        assert_eq!(Sum::read(&sum.line(3)), Some((3, sum)));
        for line in ["", "3", "3 7", "3 7 x", "3 7 9 1", "3 7 9 ", "-3 7 9"] {
            assert_eq!(Sum::read(line), None, "{line:?}");
        }
    }

    #[test]
    fn what_is_taken_out_was_never_in() {
        let (a, b) = (Sum { records: 2, digest: u64::MAX }, Sum::of(5));
        assert_eq!(a + b - b, a);
        assert_eq!(a + b - a, b);
    }
}
