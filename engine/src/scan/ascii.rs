//! One pass over text that is ASCII, as most is: it says so, and counts the lines.

/// Bytes that are looked at side by side.
const LANES: usize = 32;

/// Rows of lanes after which a lane's count of newlines might not fit a byte any more.
const ROWS: usize = 255;

/// How many newlines `text` has, if all of it is ASCII. Cost: at the speed at which the cache gives it,
/// up to the first byte that is not ASCII and a few thousand more.
pub(crate) fn newlines_of_ascii(text: &[u8]) -> Option<u64> {
    let (rows, rest) = text.as_chunks::<LANES>();
    let mut newlines = 0;
    for rows in rows.chunks(ROWS) {
        // Each lane has a count and a sum of bits of its own, so that a row is a few instructions on any
        // machine.
        let (mut counts, mut bits) = ([0u8; LANES], [0u8; LANES]);
        for row in rows {
            for lane in 0..LANES {
                counts[lane] += u8::from(row[lane] == b'\n');
                bits[lane] |= row[lane];
            }
        }
        if !bits.is_ascii() {
            return None;
        }
        newlines += counts.iter().map(|&count| u64::from(count)).sum::<u64>();
    }
    let in_rest = rest.iter().filter(|&&byte| byte == b'\n').count() as u64;
    rest.is_ascii().then_some(newlines + in_rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_newline_counts_wherever_it_lies() {
        let most = LANES * (ROWS + 3) + 5;
        for len in (0..100).chain(most - 70..most) {
            for period in [1, 2, 7, 97] {
                let text: Vec<u8> =
                    (0..len).map(|i| if i % period == 0 { b'\n' } else { b'x' }).collect();
                assert_eq!(newlines_of_ascii(&text), Some(len.div_ceil(period) as u64));
            }
        }
    }

    #[test]
    fn one_byte_that_is_not_ascii_is_found_wherever_it_lies() {
        let mut text = vec![b'\n'; LANES * (ROWS + 2) + 3];
        for at in (0..text.len()).step_by(61).chain([text.len() - 1]) {
            text[at] = 0x80;
            assert_eq!(newlines_of_ascii(&text), None, "{at}");
            text[at] = b'\n';
        }
        assert_eq!(newlines_of_ascii(&text), Some(text.len() as u64));
    }
}
