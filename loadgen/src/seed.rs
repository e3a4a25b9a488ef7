//! Many independent random streams from one seed.

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

/// What a stream is for, so that page 3 and connection 3 do not share one.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// The words of a page of text.
    Page = 1,
    /// The line at which a connection starts.
    Connection = 2,
    /// The gaps in a block of random arrivals.
    Arrivals = 3,
    /// The lengths of such blocks.
    ArrivalBlocks = 4,
    /// A line that is rendered when it is due.
    Line = 5,
    /// What goes wrong on a connection on request.
    Faults = 6,
}

/// A number that depends on all three and looks random in each.
pub(crate) fn derive(seed: u64, purpose: Purpose, number: u64) -> u64 {
    scramble(scramble(scramble(seed) ^ purpose as u64) ^ number)
}

/// The generator for one stream.
///
/// `StdRng` may be another algorithm after an update of its crate. This one is named, so that a
/// seed written in a report gives the same lines years later.
pub(crate) fn generator(seed: u64, purpose: Purpose, number: u64) -> Xoshiro256PlusPlus {
    Xoshiro256PlusPlus::seed_from_u64(derive(seed, purpose, number))
}

/// A bijection whose output bits each depend on every input bit: add an odd constant, then twice
/// fold the high half into the low and multiply.
pub(crate) fn scramble(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    let number = (number ^ (number >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    number ^ (number >> 32)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_stream_has_its_own_number() {
        let mut seen = HashSet::new();
        for seed in 0..20 {
            for number in 0..100 {
                assert!(seen.insert(derive(seed, Purpose::Page, number)));
                assert!(seen.insert(derive(seed, Purpose::Connection, number)));
            }
        }
    }
}
