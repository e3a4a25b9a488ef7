//! Where lines end and where columns are cut: the places of a text's newlines, and a bit for each of its
//! separators.
//!
//! The portable form is the meaning. The form for AVX-512, chosen at run time, looks at 64 bytes at once,
//! without a branch on how many lines end there; tests hold it against the portable one.

#![allow(unsafe_code)]

use memchr::memchr_iter;

use super::separators::WINDOW;

/// The most text, in bytes, that is looked at in one go.
pub(crate) const PIECE: usize = 1024;

/// Bytes after a place whose separators are known, at least.
pub(crate) const NEAR: usize = 57;

/// What has been found in a piece of text.
pub(crate) struct Cuts {
    /// A window's worth may be written behind the last.
    newlines: [u16; PIECE + WINDOW],
    /// A bit for each byte, and room to read a word at the last.
    separators: [u8; PIECE / 8 + 8],
}

impl Cuts {
    /// Room for what will be found.
    pub(crate) fn room() -> Self {
        Cuts { newlines: [0; PIECE + WINDOW], separators: [0; PIECE / 8 + 8] }
    }

    /// Looks at `piece`, and says how many newlines it has found.
    ///
    /// # Panics
    /// If the piece is longer than [`PIECE`].
    #[inline]
    pub(crate) fn look_at(&mut self, piece: &[u8], separator: u8) -> usize {
        assert!(piece.len() <= PIECE, "{} bytes in one piece", piece.len());
        #[cfg(target_arch = "x86_64")]
        if avx512::is_there() {
            // SAFETY: the processor has just said that it has what the function is compiled for.
            return unsafe { avx512::look_at(self, piece, separator) };
        }
        portable(self, piece, separator)
    }

    /// The places of the first `found` newlines, in order.
    #[inline]
    pub(crate) fn newlines(&self, found: usize) -> &[u16] {
        &self.newlines[..found]
    }

    /// A bit for each byte from `place` on that is a separator: of [`NEAR`] bytes, and perhaps of some
    /// more.
    #[inline]
    pub(crate) fn separators_from(&self, place: usize) -> u64 {
        let word = self.separators[place / 8..].first_chunk().map_or(0, |b| u64::from_le_bytes(*b));
        word >> (place % 8)
    }
}

/// Says how many newlines it has found.
fn portable(cuts: &mut Cuts, piece: &[u8], separator: u8) -> usize {
    cuts.separators.fill(0);
    for place in memchr_iter(separator, piece) {
        cuts.separators[place / 8] |= 1 << (place % 8);
    }
    let mut found = 0;
    for place in memchr_iter(b'\n', piece) {
        cuts.newlines[found] = place as u16;
        found += 1;
    }
    found
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::{_mm512_cmpeq_epi8_mask, _mm512_set1_epi8};

    use super::{Cuts, WINDOW};
    pub(super) use crate::scan::edges::avx512::is_there;
    use crate::scan::edges::avx512::{load, write_places};

    /// Says how many newlines it has found.
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
    pub(super) fn look_at(cuts: &mut Cuts, piece: &[u8], separator: u8) -> usize {
        let (newline, separator) =
            (_mm512_set1_epi8(b'\n' as i8), _mm512_set1_epi8(separator.cast_signed()));
        let mut found = 0;
        let mut last = [0; WINDOW];
        for at in (0..piece.len()).step_by(WINDOW) {
            let window = piece[at..].first_chunk().unwrap_or_else(|| {
                last[..piece.len() - at].copy_from_slice(&piece[at..]);
                &last
            });
            let window = load(window);
            let separators = _mm512_cmpeq_epi8_mask(separator, window);
            cuts.separators[at / 8..at / 8 + 8].copy_from_slice(&separators.to_le_bytes());
            let newlines = _mm512_cmpeq_epi8_mask(newline, window);
            found += write_places(newlines, at, &mut cuts.newlines[found..]);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Random;

    #[test]
    fn whatever_the_machine_has_gives_what_the_portable_form_gives() {
        let mut random = Random::new(7);
        let (mut cuts, mut expected) = (Cuts::room(), Cuts::room());
        for round in 0..2000 {
            // From newlines at each byte to none at all.
            let gap = round % 40;
            let separator = random.pick(&[b'\t', b',', 0, 0x7f, b'\n', b'\r']);
            let piece: Vec<u8> = (0..random.below(PIECE + 1))
                .map(|_| match random.below(gap + 2) {
                    0 => b'\n',
                    1 => [separator, b'\n'][(gap == 0) as usize],
                    _ => random.below(256) as u8,
                })
                .collect();
            let found = cuts.look_at(&piece, separator);
            assert_eq!(found, portable(&mut expected, &piece, separator));
            assert_eq!(cuts.newlines(found), expected.newlines(found), "{piece:?}");
            for place in 0..piece.len() {
                let known = u64::MAX >> (64 - NEAR.min(piece.len() - place));
                let separators = cuts.separators_from(place) & known;
                assert_eq!(separators, expected.separators_from(place) & known, "{place}");
                for (i, byte) in piece[place..].iter().take(NEAR).enumerate() {
                    assert_eq!(separators >> i & 1 == 1, *byte == separator, "{place} {i}");
                }
            }
        }
    }
}
