//! Keys of up to 16 bytes as two integers: they are compared, hashed and kept without a look
//! elsewhere.

use std::sync::OnceLock;

use super::table::hash_of;

/// The longest key, in bytes, that is packed.
pub(crate) const LONGEST: usize = 16;

/// What the last byte is in a key that is not packed.
pub(crate) const HASHED: u8 = 0xff;

/// A key, packed, or its hash.
///
/// A key of bytes has its bytes, zeros behind them, and in the last byte how many there are; one of 16
/// bytes has its own last byte there, if that is none of the numbers that say something else. A
/// number is itself. What does not fit is its [`hash`](Packed::hashed), and says so in the last byte;
/// the key must then be looked at.
///
/// Two packed keys of one type are equal exactly where the keys are, unless they are hashed.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default, Eq)]
#[repr(C, align(16))]
pub struct Packed {
    pub(crate) low: u64,
    pub(crate) high: u64,
}

impl Packed {
    /// A key that is bytes, if it fits.
    #[inline]
    pub(crate) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let mut padded = [0; LONGEST];
        padded.get_mut(..bytes.len())?.copy_from_slice(bytes);
        let last = &mut padded[LONGEST - 1];
        if bytes.len() < LONGEST {
            *last = bytes.len() as u8;
        } else if !stands_for_itself(*last) {
            return None;
        }
        Some(Packed::from_padded(padded))
    }

    /// A key that is a number.
    #[inline]
    pub(crate) fn of_number(number: u64) -> Self {
        Packed { low: number, high: 0 }
    }

    /// The number that the key is.
    #[inline]
    pub(crate) fn to_number(self) -> Option<u64> {
        self.is_exact().then_some(self.low)
    }

    /// What stands for a key that does not fit: its hash.
    #[inline]
    pub(crate) fn hashed(hash: u64) -> Self {
        Packed { low: hash, high: u64::from(HASHED) << 56 }
    }

    /// A hashed key with this number beside the hash, and no other.
    #[inline]
    pub(crate) fn numbered(self, number: u32) -> Self {
        Packed { high: u64::from(HASHED) << 56 | u64::from(number), ..self }
    }

    /// Whether both are hashed, and have the same hash, whatever is beside it.
    #[inline]
    pub(crate) fn is_hash_of(self, other: Packed) -> bool {
        self.low == other.low && !self.is_exact() && !other.is_exact()
    }

    /// The key as it was before it was [`numbered`](Packed::numbered).
    pub(crate) fn without_number(self) -> Self {
        if self.is_exact() { self } else { Packed::hashed(self.low) }
    }

    /// The number beside the hash, of a hashed key.
    #[inline]
    pub(crate) fn number(self) -> u32 {
        self.high as u32
    }

    /// Whether it is the key itself.
    #[inline]
    pub(crate) fn is_exact(self) -> bool {
        self.high < u64::from(HASHED) << 56
    }

    #[inline]
    pub(crate) fn from_padded(padded: [u8; LONGEST]) -> Self {
        let both = u128::from_le_bytes(padded);
        Packed { low: both as u64, high: (both >> 64) as u64 }
    }

    /// The key's bytes, and how many of them there are.
    #[inline]
    pub(crate) fn to_padded(self) -> ([u8; LONGEST], usize) {
        let padded = (u128::from(self.high) << 64 | u128::from(self.low)).to_le_bytes();
        let last = padded[LONGEST - 1];
        (padded, if stands_for_itself(last) { LONGEST } else { usize::from(last) })
    }

    /// Its place in a table, by a seeded hash.
    #[inline]
    pub(crate) fn hash(self, seeds: Seeds) -> u64 {
        fold(self.low ^ seeds.low, self.high ^ seeds.high)
    }

    /// A hash that is the same on every machine and in every run.
    #[inline]
    pub(crate) fn portable_hash(self) -> u64 {
        fold(self.low ^ 0x9e37_79b9_7f4a_7c15, self.high ^ 0xd1b5_4a32_d192_ed03)
    }
}

impl PartialEq for Packed {
    /// Both halves at once: one branch to guess and not two.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        (self.low ^ other.low) | (self.high ^ other.high) == 0
    }
}

/// Whether the last byte of a key of 16 bytes can be told from a number of bytes and from
/// [`HASHED`].
#[inline]
pub(crate) const fn stands_for_itself(last: u8) -> bool {
    last as usize >= LONGEST && last != HASHED
}

/// The 128 bits of the product, half over half: each bit of the result depends on all bits of both.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// What hashes begin with, drawn anew in every process, so that a hostile sender cannot pick keys
/// that collide.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seeds {
    low: u64,
    high: u64,
}

impl Seeds {
    /// Those of this process.
    #[inline]
    pub(crate) fn of_this_process() -> Self {
        static SEEDS: OnceLock<Seeds> = OnceLock::new();
        *SEEDS.get_or_init(|| {
            // Odd, so that neither is zero, and a difference in the other's factor stays.
            Seeds { low: hash_of(&1u8) | 1, high: hash_of(&2u8) | 1 }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn keys_that_differ_are_packed_differently_and_come_back() {
        let long = "0123456789abcdef";
        let mut keys: Vec<Vec<u8>> = (0..=16).map(|n| long.as_bytes()[..n].to_vec()).collect();
        keys.extend((0..16).map(|n| vec![0; n]));
        keys.extend((0..16).map(|n| vec![n as u8; n]));
        keys.extend([b"0123456789abcde~".to_vec(), vec![0x80; 16], vec![0xc3, 0xa9]]);
        let distinct: HashSet<&Vec<u8>> = keys.iter().collect();
        let packed: HashSet<(u64, u64)> = keys
            .iter()
            .map(|key| Packed::of_bytes(key).expect("it fits"))
            .map(|packed| (packed.low, packed.high))
            .collect();
        assert_eq!(packed.len(), distinct.len());
        for key in &keys {
            let packed = Packed::of_bytes(key).expect("it fits");
            let (bytes, len) = packed.to_padded();
            assert_eq!(&bytes[..len], key);
            assert!(packed.is_exact());
        }
    }

    #[test]
    fn what_does_not_fit_is_not_packed() {
        assert_eq!(Packed::of_bytes(&[b'x'; 17]), None);
        for last in 0..=255u8 {
            let mut key = [b'x'; 16];
            key[15] = last;
            assert_eq!(Packed::of_bytes(&key).is_some(), (16..255).contains(&last), "{last}");
        }
    }

    #[test]
    fn a_number_beside_a_hash_moves_no_key() {
        let hashed = Packed::hashed(0x0123_4567_89ab_cdef);
        let numbered = hashed.numbered(77);
        assert_eq!((numbered.without_number(), numbered.number()), (hashed, 77));
        assert!(!hashed.is_exact() && !numbered.is_exact());
        assert!(Packed::of_number(u64::MAX).is_exact());
    }
}
