//! The one kernel that cuts text into words.
//!
//! A piece of the text at a time becomes a list of edges, found 64 bytes at once: where a word begins,
//! where it ends, where the next begins. So a word costs no branch on its length.

#![allow(unsafe_code)]

use std::ops::ControlFlow;

use super::edges::{PIECE, Room, word_edges};
use super::separators::WINDOW;

/// Calls `sink` with each word of `text`: the words of [`str::split_ascii_whitespace`], in the same
/// order.
///
/// Cost: half a nanosecond a word with AVX-512, which is looked for at run time; a few without.
#[inline]
pub(crate) fn for_each_word<'t>(
    text: &'t str,
    mut sink: impl FnMut(&'t str) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut room: Room = [0; PIECE + WINDOW];
    // Where the word began that the piece before has not ended.
    let mut open = None;
    for (number, piece) in text.as_bytes().chunks(PIECE).enumerate() {
        let base = number * PIECE;
        let mut edges = word_edges(piece, open.is_some(), &mut room);
        if let Some(start) = open {
            let Some((&end, rest)) = edges.split_first() else { continue };
            sink(&text[start..base + usize::from(end)])?;
            edges = rest;
        }
        let (words, last) = edges.as_chunks::<2>();
        for &[start, end] in words {
            let word = base + usize::from(start)..base + usize::from(end);
            debug_assert!(text.get(word.clone()).is_some(), "{word:?} is no word of the text");
            // SAFETY: edges come in order, none lies beyond the piece's end, and the piece is the
            // text's from `base` on; so the range is one of the text's. At each edge ASCII white
            // space begins or ends, or the text does, and no byte of ASCII is part of a longer
            // character: both ends are boundaries. Checked, a word would cost three times as much.
            sink(unsafe { text.get_unchecked(word) })?;
        }
        open = last.first().map(|&start| base + usize::from(start));
    }
    // Past the end of a piece there are edges, so only a text of whole windows ends inside a word.
    match open {
        Some(start) => sink(&text[start..]),
        None => ControlFlow::Continue(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let mut words = Vec::new();
        let end = for_each_word(text, |word| {
            words.push(word);
            ControlFlow::Continue(())
        });
        assert!(end.is_continue());
        words
    }

    #[test]
    fn the_words_are_those_of_the_standard_library_wherever_they_lie() {
        let long = "x".repeat(200);
        let oddities = format!("  a\tbb\r\nccc\n\n\x0cd\x0be\0f é€😀 {long} g\u{a0}h   ");
        for shift in 0..130 {
            for cut in 0..70 {
                let text = format!("{}{oddities}{}", " ".repeat(shift), "z".repeat(cut));
                assert_eq!(
                    words(&text),
                    text.split_ascii_whitespace().collect::<Vec<_>>(),
                    "{shift} {cut}"
                );
            }
        }
    }

    #[test]
    fn texts_around_a_window_and_around_a_piece() {
        for len in (0..140).chain(PIECE - 3..PIECE + 70).chain(4 * PIECE - 3..4 * PIECE + 70) {
            for period in [1, 2, 3, 7, 64, 65, PIECE, PIECE + 1] {
                let text: String =
                    (0..len).map(|i| if i % period == 0 { ' ' } else { 'w' }).collect();
                assert_eq!(
                    words(&text),
                    text.split_ascii_whitespace().collect::<Vec<_>>(),
                    "{len} {period}"
                );
            }
        }
    }

    #[test]
    fn a_sink_that_has_had_enough_is_left_alone() {
        let mut seen = 0;
        let end = for_each_word("a b c d", |_| {
            seen += 1;
            if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(end.is_break());
        assert_eq!(seen, 2);
    }
}
