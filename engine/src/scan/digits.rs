//! Numbers in decimal digits, read eight digits at once.
//!
//! A digit at a time, each would cost a multiplication that waits for the one before, and the last a
//! branch that is guessed wrong wherever numbers differ in length.

/// The most digits that are read.
const MOST: usize = 2 * EIGHT;

/// Digits to a word.
const EIGHT: usize = 8;

/// Each byte of a word, times this byte.
const EACH: u64 = u64::MAX / 0xff;

/// The number that `text` says, if it is digits and nothing else, 16 of them at most.
#[inline]
pub(crate) fn number(text: &[u8]) -> Option<u64> {
    let len = text.len();
    if len <= EIGHT {
        return number_of_eight(first_digits(text)?, len);
    }
    if len > MOST {
        return None;
    }
    let (low, high) = (text.last_chunk()?, text.first_chunk()?);
    let low = number_of_eight(u64::from_le_bytes(*low), EIGHT)?;
    let high = number_of_eight(u64::from_le_bytes(*high), len - EIGHT)?;
    Some(high * 100_000_000 + low)
}

/// The number that a text's end says, from `start` on, if it is one to eight digits and nothing else, and
/// the text has eight bytes: they are read at once.
#[inline]
pub(crate) fn number_at_the_end(text: &[u8], start: usize) -> Option<u64> {
    let len = text.len() - start;
    let last = text.last_chunk()?;
    if !(1..=EIGHT).contains(&len) {
        return None;
    }
    let ones =
        (u64::from_le_bytes(*last) ^ (EACH * u64::from(b'0'))) & (u64::MAX << (8 * (EIGHT - len)));
    number_of_ones(ones)
}

/// One to eight bytes as the low ones of a word, whatever is above them; loads that overlap, so that
/// there is no branch for each length.
#[inline]
fn first_digits(text: &[u8]) -> Option<u64> {
    let len = text.len();
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        let last = u64::from(u32::from_le_bytes(*last)) << (8 * (len - 4));
        return Some(u64::from(u32::from_le_bytes(*first)) | last);
    }
    let at = |i: usize| u64::from(text[i]) << (8 * i);
    (len != 0).then(|| at(0) | at(len / 2) | at(len - 1))
}

/// The number that the low `len` bytes of `bytes` say, one to eight of them, if all are digits.
#[inline]
fn number_of_eight(bytes: u64, len: usize) -> Option<u64> {
    number_of_ones((bytes ^ (EACH * u64::from(b'0'))) << (8 * (EIGHT - len)))
}

/// The number of eight digits, a byte each, the last in the highest one, if all are digits: as eight
/// numbers, then as four, as two, as one.
#[inline]
fn number_of_ones(ones: u64) -> Option<u64> {
    // A byte above 9 has its own highest bit set, or gets it now; none carries into the next one
    // unless it has it already.
    let above_nine = (ones.wrapping_add(EACH * (0x7f - 9)) | ones) & (EACH << 7);
    if above_nine != 0 {
        return None;
    }
    let twos = (ones.wrapping_mul(10 << 8 | 1) >> 8) & (0x00ff_00ff_00ff_00ff);
    let fours = (twos.wrapping_mul(100 << 16 | 1) >> 16) & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul(10_000 << 32 | 1) >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_the_standard_library_reads_or_none() {
        for digits in ["0000000000000000", "1234567890123456", "9999999999999999"] {
            for len in 0..=MOST {
                let digits = &digits[..len];
                assert_eq!(number(digits.as_bytes()), digits.parse().ok(), "{digits:?}");
                for at in 0..len {
                    for byte in 0..=255 {
                        let mut odd = digits.as_bytes().to_vec();
                        odd[at] = byte;
                        let obvious = byte.is_ascii_digit().then(|| {
                            std::str::from_utf8(&odd).expect("it is of ASCII").parse().ok()
                        });
                        assert_eq!(number(&odd), obvious.flatten(), "{odd:?}");
                    }
                }
            }
        }
        assert_eq!(number(b"00000000000000001"), None, "more than are read");
    }

    #[test]
    fn a_number_at_the_end_is_what_stands_there_whatever_comes_before() {
        for before in ["", "x", "key\t", "12345678\t", "é\t", "99999999"] {
            for digits in ["", "0", "7", "42", "00000001", "99999999", "123456789", "1x", "-1"] {
                let text = format!("{before}{digits}");
                let found = number_at_the_end(text.as_bytes(), before.len());
                let wanted = match (1..=EIGHT).contains(&digits.len()) && text.len() >= EIGHT {
                    true => number(digits.as_bytes()),
                    false => None,
                };
                assert_eq!(found, wanted, "{text:?} from {}", before.len());
            }
        }
    }
}
