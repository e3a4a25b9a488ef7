//! The numbers of a stamped line, each in the one form it may have, and the checksum that ends it.

/// A line ends with a space, `#` and eight digits, the newline aside.
pub(super) const CHECKSUM_BYTES: usize = 10;

const HEX_DIGITS: &[u8; 16] = b"0123456789abcdef";

/// So many digits always fit, and one more may.
const DIGITS_THAT_FIT: usize = 19;

/// Appends `number` and a space.
#[inline]
pub(super) fn push_decimal(number: u64, line: &mut Vec<u8>) {
    line.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    line.push(b' ');
}

/// Takes a number without leading zeros and the space behind it off the front of `fields`.
#[inline]
pub(super) fn take_decimal(fields: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    let mut digits = 0;
    for digit in fields.iter().map(|byte| byte.wrapping_sub(b'0')).take_while(|&digit| digit < 10) {
        value = if digits < DIGITS_THAT_FIT {
            value * 10 + u64::from(digit)
        } else {
            value.checked_mul(10)?.checked_add(u64::from(digit))?
        };
        digits += 1;
    }
    let leading_zero = digits > 1 && fields[0] == b'0';
    if digits == 0 || leading_zero || fields.get(digits) != Some(&b' ') {
        return None;
    }
    *fields = &fields[digits + 1..];
    Some(value)
}

/// The lowest `DIGITS` hexadecimal digits of a number.
#[inline]
pub(super) fn to_hex<const DIGITS: usize>(number: u64) -> [u8; DIGITS] {
    std::array::from_fn(|at| {
        HEX_DIGITS[(number >> (4 * (DIGITS - 1 - at))) as usize % HEX_DIGITS.len()]
    })
}

/// The number that these hexadecimal digits are, lower case and at most 16.
pub(super) fn from_hex(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number, digit| {
        let value = HEX_DIGITS.iter().position(|candidate| candidate == digit)?;
        Some(number << 4 | value as u64)
    })
}

/// Ends the line that begins at `start` with its checksum, which it gives, and a newline.
#[inline]
pub(super) fn seal(line: &mut Vec<u8>, start: usize) -> u32 {
    let crc = crc32fast::hash(&line[start..]);
    let mut end = *b" #........\n";
    end[2..CHECKSUM_BYTES].copy_from_slice(&to_hex::<8>(u64::from(crc)));
    line.extend_from_slice(&end);
    crc
}

/// What is before the checksum of a line, and the digits of the checksum, right or wrong.
#[inline]
pub(super) fn split_checksum(line: &[u8]) -> Option<(&[u8], &[u8; 8])> {
    let (rest, digits) = line.split_last_chunk()?;
    Some((rest.strip_suffix(b" #")?, digits))
}

/// What is before the checksum of a line and the checksum, if it is right.
#[inline]
pub(super) fn unseal(line: &[u8]) -> Option<(&[u8], u32)> {
    let (sealed, digits) = split_checksum(line)?;
    let crc = crc32fast::hash(sealed);
    (*digits == to_hex(u64::from(crc))).then_some((sealed, crc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for number in
            (0..64).flat_map(|bits| [0, 1, 2].map(|more| (u64::MAX >> bits).saturating_sub(more)))
        {
            let mut line = Vec::new();
            push_decimal(number, &mut line);
            line.push(b'x');
            let mut fields = &line[..];
            assert_eq!(take_decimal(&mut fields), Some(number));
            assert_eq!(fields, b"x");
            assert_eq!(from_hex(&to_hex::<16>(number)), Some(number));
        }
    }

    #[test]
    fn a_number_has_one_form() {
        let other_forms =
            ["", " ", "1", "01 ", "00 ", "+1 ", "-1 ", "1a ", "18446744073709551616 "];
        for form in
            other_forms.into_iter().chain(["99999999999999999999 ", "100000000000000000000 "])
        {
            let mut fields = form.as_bytes();
            assert_eq!(take_decimal(&mut fields), None, "{form}");
            assert_eq!(fields, form.as_bytes());
        }
        assert_eq!(from_hex(b"0A"), None);
        assert_eq!(from_hex(b"+a"), None);
    }
}
