//! Where words begin and end: the places at which a text goes from white space to a word, or back.
//!
//! The portable form is the meaning. The form for AVX-512, chosen at run time, writes all edges of 64
//! bytes at once, without a branch on how many there are; tests hold it against the portable one.

#![allow(unsafe_code)]

use super::separators::{WINDOW, separator_masks};

/// The most text, in bytes, whose edges are found in one go: short enough that a short text costs
/// little, long enough that a call costs nothing beside its words.
pub(crate) const PIECE: usize = 1024;

/// Windows to a piece.
const WINDOWS: usize = PIECE / WINDOW;

/// Room for the edges of a piece: one for each byte, and a window's worth written behind them.
pub(crate) type Room = [u16; PIECE + WINDOW];

/// The edges of `piece`, in order: bytes that are not what the byte before them was, a word's or
/// white space. What came before the piece was a word's if `inside`. Past the end there is white
/// space, which is an edge unless the piece is of whole windows.
///
/// # Panics
/// If the piece is longer than [`PIECE`].
#[inline]
pub(crate) fn word_edges<'r>(piece: &[u8], inside: bool, room: &'r mut Room) -> &'r [u16] {
    assert!(piece.len() <= PIECE, "{} bytes in one piece", piece.len());
    #[cfg(target_arch = "x86_64")]
    if avx512::is_there() {
        // SAFETY: the processor has just said that it has what the function is compiled for.
        let found = unsafe { avx512::word_edges(piece, inside, room) };
        return &room[..found];
    }
    let found = portable(piece, inside, room);
    &room[..found]
}

/// Says how many edges it has written.
fn portable(piece: &[u8], inside: bool, room: &mut Room) -> usize {
    let mut masks = [0; WINDOWS];
    let windows = piece.len().div_ceil(WINDOW);
    separator_masks(piece, &mut masks[..windows]);
    let (mut found, mut inside) = (0, u64::from(inside));
    for (i, separators) in masks[..windows].iter().enumerate() {
        let mut changes = changes(*separators, &mut inside);
        while changes != 0 {
            room[found] = (i * WINDOW) as u16 + changes.trailing_zeros() as u16;
            found += 1;
            changes &= changes - 1;
        }
    }
    found
}

/// A bit for each byte that is not what the one before it was; `inside` is the last of that, carried
/// over.
#[inline]
fn changes(separators: u64, inside: &mut u64) -> u64 {
    let words = !separators;
    let changes = words ^ (words << 1 | *inside);
    *inside = words >> (WINDOW - 1);
    changes
}

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512 {
    use std::arch::x86_64::{
        __m512i, _mm512_add_epi16, _mm512_castsi512_si256, _mm512_cmpeq_epi8_mask,
        _mm512_cvtepu8_epi16, _mm512_extracti64x4_epi64, _mm512_maskz_compress_epi8,
        _mm512_set1_epi16, _mm512_shuffle_epi8,
    };
    use std::mem::transmute;

    use super::{Room, WINDOW, changes};

    /// Half a window's places, as they are written.
    const HALF: usize = WINDOW / 2;

    /// Whether the processor has what [`word_edges`] is compiled for.
    #[inline]
    pub(crate) fn is_there() -> bool {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vbmi2")
            && is_x86_feature_detected!("popcnt")
    }

    /// At the low four bits of a separator stands the separator; elsewhere a byte whose own low bits
    /// differ, so that a byte finds itself here if and only if it is a separator.
    const SEPARATORS: [u8; WINDOW] = {
        let mut table = [0xff; WINDOW];
        let mut lane = 0;
        while lane < WINDOW {
            table[lane] = b' ';
            table[lane + 9] = b'\t';
            table[lane + 10] = b'\n';
            table[lane + 12] = 0x0c;
            table[lane + 13] = b'\r';
            table[lane + 15] = 0;
            lane += 16;
        }
        table
    };

    /// The number of each byte of a window.
    const POSITIONS: [u8; WINDOW] = {
        let mut positions = [0; WINDOW];
        let mut i = 0;
        while i < WINDOW {
            positions[i] = i as u8;
            i += 1;
        }
        positions
    };

    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
    pub(super) fn word_edges(piece: &[u8], inside: bool, room: &mut Room) -> usize {
        let separators = load(&SEPARATORS);
        let (mut found, mut inside) = (0, u64::from(inside));
        let mut last = [b' '; WINDOW];
        for at in (0..piece.len()).step_by(WINDOW) {
            let window = piece[at..].first_chunk().unwrap_or_else(|| {
                last[..piece.len() - at].copy_from_slice(&piece[at..]);
                &last
            });
            let window = load(window);
            let itself = _mm512_shuffle_epi8(separators, window);
            let changes = changes(_mm512_cmpeq_epi8_mask(itself, window), &mut inside);
            found += write_places(changes, at, &mut room[found..]);
        }
        found
    }

    /// Writes the places of a mask's bits, counted from `base`, to the front of `room`; says how many
    /// they are. A window's worth may be written behind them.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
    pub(crate) fn write_places(mask: u64, base: usize, room: &mut [u16]) -> usize {
        // All are written, those whose bits are not set behind those whose are.
        let packed = _mm512_maskz_compress_epi8(mask, load(&POSITIONS));
        let base = _mm512_set1_epi16(base as i16);
        let low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(packed));
        room[..HALF].copy_from_slice(&store(_mm512_add_epi16(base, low)));
        let places = mask.count_ones() as usize;
        if places > HALF {
            let high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64::<1>(packed));
            room[HALF..WINDOW].copy_from_slice(&store(_mm512_add_epi16(base, high)));
        }
        places
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(crate) fn load(bytes: &[u8; WINDOW]) -> __m512i {
        // SAFETY: both sides are 64 bytes, and any bytes are a register's content.
        unsafe { transmute(*bytes) }
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn store(register: __m512i) -> [u16; HALF] {
        // SAFETY: both sides are 64 bytes, and any bytes are 32 integers.
        unsafe { transmute(register) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Random;

    #[test]
    fn whatever_the_machine_has_gives_what_the_portable_form_gives() {
        let mut random = Random::new(7);
        for round in 0..2000 {
            // From texts with an edge at each byte to texts of a single word.
            let gap = 1 + round % 40;
            let len = random.below(PIECE + 1);
            let piece: Vec<u8> = (0..len)
                .map(|_| match random.below(gap + 1) {
                    0 => random.pick(b" \t\n\x0c\r"),
                    _ => random.below(256) as u8,
                })
                .collect();
            for inside in [false, true] {
                let (mut room, mut expected) = ([0; PIECE + WINDOW], [0; PIECE + WINDOW]);
                let found = portable(&piece, inside, &mut expected);
                assert_eq!(word_edges(&piece, inside, &mut room), &expected[..found], "{piece:?}");
            }
        }
    }

    #[test]
    fn an_edge_at_every_byte_fits() {
        let piece: Vec<u8> = (0..PIECE).map(|i| if i % 2 == 0 { b'x' } else { b' ' }).collect();
        let mut room = [0; PIECE + WINDOW];
        let found = word_edges(&piece, false, &mut room);
        assert_eq!(found, (0..PIECE as u16).collect::<Vec<_>>());
    }
}
