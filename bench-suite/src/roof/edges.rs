//! The edges of words, and the loop that finds them: where a bit of a mask differs from the one
//! before it, a word starts or ends.

/// The most text, in bytes, whose edges are found in one go: they stay in the first-level cache
/// until the words are counted, and 16 bits hold a position.
pub(super) const PIECE: usize = 16 << 10;

/// Room for one edge per byte, one at the end, and a whole chunk's positions written behind them.
pub(super) type Edges = [u16; PIECE + 1 + CHUNK];

/// Bytes to a mask.
pub(super) const CHUNK: usize = 64;

/// An empty room for edges, kept by whoever looks for them again and again.
pub(super) fn room_for_edges() -> Box<Edges> {
    Box::new([0; PIECE + 1 + CHUNK])
}

/// What a piece holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// How many edges were written: two for each word.
    pub(super) edges: usize,
    pub(super) newlines: u64,
}

/// The loop that both ways of finding edges share. `masks` gives a chunk's separators and its
/// newlines, `write` writes the positions of a mask's bits, counted from a base.
#[inline(always)]
pub(super) fn find_by(
    piece: &[u8],
    edges: &mut Edges,
    masks: impl Fn(&[u8; CHUNK]) -> (u64, u64),
    write: impl Fn(u64, u16, &mut [u16; CHUNK]),
) -> Found {
    assert!(piece.len() <= PIECE, "{} bytes in one piece", piece.len());
    let mut found = Found { edges: 0, newlines: 0 };
    let mut inside = 0;
    let mut last = [b' '; CHUNK];
    for at in (0..piece.len()).step_by(CHUNK) {
        let chunk = piece[at..].first_chunk().unwrap_or_else(|| {
            last[..piece.len() - at].copy_from_slice(&piece[at..]);
            &last
        });
        let (separators, newlines) = masks(chunk);
        let words = !separators;
        let changes = words ^ (words << 1 | inside);
        inside = words >> (CHUNK - 1);
        if let Some(room) = edges[found.edges..].first_chunk_mut() {
            write(changes, at as u16, room);
        }
        found.edges += changes.count_ones() as usize;
        found.newlines += u64::from(newlines.count_ones());
    }
    if found.edges % 2 == 1 {
        edges[found.edges] = piece.len() as u16;
        found.edges += 1;
    }
    found
}
