//! Where the words of a piece of text start and end, without a branch per byte or per word.
//!
//! Each 64 bytes become a mask with a bit for each byte that belongs to a word. Where a bit differs
//! from the one before it, a word starts or ends; the positions of these bits are the edges, a
//! start and an end by turns.

use super::edges::{CHUNK, Edges, Found, find_by};
#[cfg(test)]
use super::edges::{PIECE, room_for_edges};

/// Finds the edges of the words in at most [`PIECE`](super::edges::PIECE) bytes; a word that reaches the end ends there.
pub(super) fn find(piece: &[u8], edges: &mut Edges) -> Found {
    #[cfg(target_arch = "x86_64")]
    if let Some(found) = super::simd::avx512::find(piece, edges) {
        return found;
    }
    find_portable(piece, edges)
}

fn find_portable(piece: &[u8], edges: &mut Edges) -> Found {
    let masks = |chunk: &[u8; CHUNK]| {
        (mask(chunk, |byte| byte.is_ascii_whitespace()), mask(chunk, |byte| byte == b'\n'))
    };
    find_by(piece, edges, masks, write_bit_by_bit)
}

/// The bits of the bytes that `is` holds for. The comparison compiles to vectors; the product
/// gathers the lowest bits of eight bytes in the highest byte.
#[inline(always)]
fn mask(chunk: &[u8; CHUNK], is: impl Fn(u8) -> bool) -> u64 {
    let bits = chunk.map(|byte| u8::from(is(byte)));
    let (eights, _) = bits.as_chunks::<8>();
    eights.iter().rev().fold(0, |mask, eight| {
        mask << 8 | u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56
    })
}

/// Eight bits a turn, wanted or not: a loop that ended with the last bit would be guessed wrong.
#[inline(always)]
fn write_bit_by_bit(mut mask: u64, base: u16, edges: &mut [u16; CHUNK]) {
    let (eights, _) = edges.as_chunks_mut::<8>();
    for eight in eights {
        for edge in eight {
            *edge = base.wrapping_add(mask.trailing_zeros() as u16);
            mask &= mask.wrapping_sub(1);
        }
        if mask == 0 {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::odd_text::odd_texts;
    use super::*;

    fn obvious(piece: &[u8]) -> Vec<u16> {
        let inside = |at: usize| piece.get(at).is_some_and(|byte| !byte.is_ascii_whitespace());
        (0..=piece.len())
            .filter(|&at| inside(at) != (at > 0 && inside(at - 1)))
            .map(|at| at as u16)
            .collect()
    }

    #[test]
    fn both_ways_find_the_obvious_edges() {
        let all_bytes = (0..=255).flat_map(|byte| [byte, b'a']).collect();
        let crowded = b"a ".repeat(PIECE / 2);
        for text in odd_texts().chain([all_bytes, crowded, vec![b'a'; PIECE]]) {
            let piece = &text[..text.len().min(PIECE)];
            let newlines = piece.iter().filter(|byte| **byte == b'\n').count() as u64;
            for way in [find, find_portable] {
                let mut edges = room_for_edges();
                let found = way(piece, &mut edges);
                assert_eq!(edges[..found.edges], obvious(piece));
                assert_eq!(found.newlines, newlines);
            }
        }
    }
}
