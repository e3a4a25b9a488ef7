//! Lines seen as columns, their separators found for many lines at once.

use std::ops::ControlFlow;

use memchr::memchr;

use super::Fields;
use crate::scan::cuts::{Cuts, PIECE};
use crate::text::without_return;

/// Calls `sink` with each line of a block's text, as [`for_each_line`](crate::text::for_each_line) does,
/// seen as columns.
#[inline]
pub(crate) fn for_each_cut_line<'t>(
    text: &'t str,
    separator: u8,
    mut sink: impl FnMut(Fields<'t>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut cuts = Cuts::room();
    let mut rest = text;
    while !rest.is_empty() {
        let piece = &rest.as_bytes()[..rest.len().min(PIECE)];
        let found = cuts.look_at(piece, separator);
        let mut start = 0;
        for end in cuts.newlines(found) {
            let end = usize::from(*end);
            let line = without_return(&rest[start..end]);
            sink(Fields::cut(line, separator, cuts.separators_from(start)))?;
            start = end + 1;
        }
        if start == 0 {
            // The line is longer than a piece.
            let Some(end) = memchr(b'\n', rest.as_bytes()) else { break };
            sink(Fields::new(without_return(&rest[..end]), char::from(separator)))?;
            start = end + 1;
        }
        rest = &rest[start..];
    }
    ControlFlow::Continue(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Random;
    use crate::text::for_each_line;

    /// The columns of each line, cut fast and then the obvious way.
    fn both(text: &str, separator: u8) -> [Vec<Vec<&str>>; 2] {
        let (mut fast, mut obvious) = (Vec::new(), Vec::new());
        let end = for_each_cut_line(text, separator, |fields| {
            let columns: Vec<&str> = fields.iter().collect();
            for n in 0..=columns.len() {
                assert_eq!(fields.get(n), columns.get(n).copied(), "{text:?}");
            }
            assert_eq!(fields, Fields::new(fields.line(), char::from(separator)));
            fast.push(columns);
            ControlFlow::Continue(())
        });
        assert!(end.is_continue());
        let end = for_each_line(text, |line| {
            obvious.push(line.split(char::from(separator)).collect());
            ControlFlow::Continue(())
        });
        assert!(end.is_continue());
        [fast, obvious]
    }

    #[test]
    fn lines_are_cut_as_the_standard_library_cuts_them() {
        let mut random = Random::new(3);
        let pieces = ["\n", "\r\n", "\r", "S", "SS", "x", "é", "€", "\u{10348}", "\0", "12", "-"];
        for round in 0..3000 {
            let separator = random.pick(&[b'\t', b',', b'x', b'\r', b'\n', 0]);
            // Short lines, those about as long as what is known of them, and those longer than a piece.
            let plain = [0, 3, 20, 60, 400][round % 5];
            let mut text = String::new();
            for _ in 0..random.below(200) {
                match random.pick(&pieces) {
                    "S" => text.push(char::from(separator)),
                    "SS" => text.extend([char::from(separator); 2]),
                    piece => text.push_str(piece),
                }
                text.extend(std::iter::repeat_n('é', random.below(plain + 1)));
            }
            // With a last line that has no newline, and without one.
            let [fast, obvious] = both(&text, separator);
            assert_eq!(fast, obvious, "{text:?}");
            text.push('\n');
            let [fast, obvious] = both(&text, separator);
            assert_eq!(fast, obvious, "{text:?}");
        }
    }

    #[test]
    fn lines_around_what_is_known_of_them_and_around_a_piece() {
        for len in (0..130).chain(PIECE - 3..PIECE + 3) {
            for at in (0..len).step_by(1 + len / 130) {
                let mut line = vec![b'x'; len];
                line[at] = b',';
                line[len - 1] = b',';
                let line = String::from_utf8(line).unwrap();
                let text = format!("a,b\n{line}\n{line}\r\n");
                let [fast, obvious] = both(&text, b',');
                assert_eq!(fast, obvious, "{len} {at}");
            }
        }
    }

    #[test]
    fn a_sink_that_has_had_enough_is_left_alone() {
        let mut seen = 0;
        let end = for_each_cut_line("a\nb\nc\n", b',', |_| {
            seen += 1;
            if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(end.is_break());
        assert_eq!(seen, 2);
    }
}
