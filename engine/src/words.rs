//! The one kernel that cuts text into words.
//!
//! 64 bytes at a time become a mask with a bit for each separator. Where a word begins and ends is
//! then where the mask changes, so a word costs a few bit operations and no branch on its length.

use std::ops::ControlFlow;

use crate::separators::{WINDOW, separator_masks};

/// Windows whose masks are made at once: the masks stay in the first-level cache.
const WINDOWS: usize = 64;

/// Calls `sink` with each word of `text`: the words of [`str::split_ascii_whitespace`], in the same
/// order.
///
/// Cost: a nanosecond or two a word with AVX2, which is looked for at run time; a few more without.
#[inline]
pub(crate) fn for_each_word<'t>(
    text: &'t str,
    mut sink: impl FnMut(&'t str) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut masks = [0u64; WINDOWS];
    let mut after_separator = 1;
    let mut start = 0;
    for (round, stretch) in text.as_bytes().chunks(WINDOW * WINDOWS).enumerate() {
        let windows = stretch.len().div_ceil(WINDOW);
        separator_masks(stretch, &mut masks[..windows]);
        for (i, &separators) in masks[..windows].iter().enumerate() {
            let at = (round * WINDOWS + i) * WINDOW;
            let shifted = separators << 1 | after_separator;
            let mut starts = !separators & shifted;
            let mut ends = separators & !shifted;
            if after_separator == 0 && ends != 0 {
                sink(&text[start..at + ends.trailing_zeros() as usize])?;
                ends &= ends - 1;
            }
            while ends != 0 {
                sink(
                    &text[at + starts.trailing_zeros() as usize
                        ..at + ends.trailing_zeros() as usize],
                )?;
                starts &= starts - 1;
                ends &= ends - 1;
            }
            if starts != 0 {
                start = at + starts.trailing_zeros() as usize;
            }
            after_separator = separators >> (WINDOW - 1);
        }
    }
    // Past the end of the text the last mask has separators, so only a text of whole windows ends
    // inside a word.
    if after_separator == 0 { sink(&text[start..]) } else { ControlFlow::Continue(()) }
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
    fn texts_around_a_window_and_around_a_stretch() {
        for len in (0..140).chain(64 * 64 - 3..64 * 64 + 70) {
            for period in [1, 2, 3, 7, 64, 65] {
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
