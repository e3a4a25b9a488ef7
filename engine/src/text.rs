//! A block's lines, made fit for operators once: counted, checked, mended where they must be.
//!
//! Almost every block is fine as it is: valid UTF-8, no line too long. Then this copies nothing, and
//! costs one pass over a block of ASCII, which counts its newlines, or two over any other, at tens of
//! gigabytes a second while the block is in the cache. A block with a fault is rewritten, line by line,
//! into memory of its own. Lines that may be any bytes are not checked for UTF-8.

use std::borrow::Cow;
use std::ops::ControlFlow;

use bytes::Bytes;
use memchr::{memchr_iter, memrchr};

use crate::conf::{InvalidUtf8, LongLines};
use crate::framing::{RecordLimit, cut_len};
use crate::progress::LineCounts;

pub(crate) use known_utf8::Utf8;

/// Calls `sink` with each line of a block's text, without its line end (a newline, or a carriage
/// return and one).
#[inline]
pub(crate) fn for_each_line<'t>(
    text: &'t str,
    mut sink: impl FnMut(&'t str) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let mut start = 0;
    for end in memchr_iter(b'\n', text.as_bytes()) {
        let line = &text[start..end];
        start = end + 1;
        sink(without_return(line))?;
    }
    ControlFlow::Continue(())
}

/// A line that ended before its newline, without the carriage return that may be there.
#[inline]
pub(crate) fn without_return(line: &str) -> &str {
    line.strip_suffix('\r').unwrap_or(line)
}

/// Whole lines of valid UTF-8, each ended by a newline, none longer than the limit; and what became
/// of those of `bytes`.
pub(crate) fn check_text(
    bytes: &Bytes,
    limit: RecordLimit,
    invalid_utf8: InvalidUtf8,
) -> (Utf8, LineCounts) {
    if every_line_fits(bytes, limit.max_bytes) {
        if let Some((text, newlines)) = Utf8::of_ascii(bytes) {
            return (text, LineCounts { records: newlines, ..LineCounts::default() });
        }
        if let Some(text) = Utf8::check(bytes) {
            return (text, all_given(bytes));
        }
    }
    let (mended, counts) = mend(bytes, limit, Some(invalid_utf8));
    let text = Utf8::check(&mended).expect("it was put together from text and newlines");
    (text, counts)
}

/// The same for lines that may be any bytes.
pub(crate) fn check_lines(bytes: &Bytes, limit: RecordLimit) -> (Bytes, LineCounts) {
    match every_line_fits(bytes, limit.max_bytes) {
        true => (bytes.clone(), all_given(bytes)),
        false => mend(bytes, limit, None),
    }
}

fn all_given(bytes: &[u8]) -> LineCounts {
    let records = memchr_iter(b'\n', bytes).count() as u64;
    LineCounts { records, ..LineCounts::default() }
}

/// Whether no line is longer than `max_bytes`. Leaps from the last newline that a line may end in
/// to the next such one, so it looks at few bytes of a block of many lines. May say no where only a
/// carriage return is too much.
fn every_line_fits(bytes: &[u8], max_bytes: usize) -> bool {
    let mut rest = bytes;
    while rest.len() > max_bytes + 1 {
        match memrchr(b'\n', &rest[..=max_bytes]) {
            Some(newline) => rest = &rest[newline + 1..],
            None => return false,
        }
    }
    true
}

/// Goes through the lines one by one; those that are to be text get `invalid_utf8`.
fn mend(
    bytes: &[u8],
    limit: RecordLimit,
    invalid_utf8: Option<InvalidUtf8>,
) -> (Bytes, LineCounts) {
    let mut counts = LineCounts::default();
    let mut kept = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|&b| b == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let too_long = line.strip_suffix(b"\r").unwrap_or(line).len() > limit.max_bytes;
        let line = match (too_long, limit.long_lines) {
            (false, _) => line,
            (true, LongLines::Skip) => {
                counts.rejected += 1;
                continue;
            }
            (true, LongLines::Cut) => {
                counts.cut += 1;
                &line[..cut_len(line, limit.max_bytes)]
            }
        };
        match invalid_utf8.map(|policy| (String::from_utf8_lossy(line), policy)) {
            None | Some((Cow::Borrowed(_), _)) => kept.extend_from_slice(line),
            Some((Cow::Owned(mended), InvalidUtf8::Replace)) => {
                counts.mended += 1;
                kept.extend_from_slice(mended.as_bytes());
            }
            Some((Cow::Owned(_), InvalidUtf8::Skip)) => {
                counts.rejected += 1;
                continue;
            }
        }
        kept.push(b'\n');
        counts.records += 1;
    }
    let framed = memchr_iter(b'\n', bytes).count() as u64;
    assert_eq!(framed, counts.records + counts.rejected, "every line framed is given or rejected");
    (kept.into(), counts)
}

/// The door to the one line that needs `unsafe`.
mod known_utf8 {
    #![allow(unsafe_code)]

    use bytes::Bytes;

    use crate::ascii::newlines_of_ascii;

    /// Bytes that are UTF-8.
    #[derive(Debug)]
    pub(crate) struct Utf8(Bytes);

    impl Utf8 {
        /// `bytes`, if they are UTF-8.
        pub(super) fn check(bytes: &Bytes) -> Option<Self> {
            simdutf8::basic::from_utf8(bytes).is_ok().then(|| Utf8(bytes.clone()))
        }

        /// `bytes`, if they are ASCII, with the number of newlines.
        pub(super) fn of_ascii(bytes: &Bytes) -> Option<(Self, u64)> {
            newlines_of_ascii(bytes).map(|newlines| (Utf8(bytes.clone()), newlines))
        }

        /// The safe twin is `std::str::from_utf8`, a pass over the block for every operator that
        /// reads it.
        pub(crate) fn as_str(&self) -> &str {
            debug_assert!(std::str::from_utf8(&self.0).is_ok());
            // SAFETY: a `Utf8` is only made of bytes that were found to be UTF-8, or ASCII, which is.
            // `Bytes` is immutable: nobody else can write what it refers to.
            unsafe { std::str::from_utf8_unchecked(&self.0) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framing::{Carry, Framing};

    #[derive(Clone, Copy)]
    struct Policy {
        limit: RecordLimit,
        invalid_utf8: InvalidUtf8,
    }

    fn policy(max_bytes: usize, long_lines: LongLines, invalid_utf8: InvalidUtf8) -> Policy {
        Policy { limit: RecordLimit { max_bytes, long_lines }, invalid_utf8 }
    }

    fn lines(bytes: &[u8], policy: Policy) -> (Vec<String>, LineCounts) {
        let bytes = Bytes::copy_from_slice(bytes);
        let (text, counts) = check_text(&bytes, policy.limit, policy.invalid_utf8);
        let mut lines = Vec::new();
        let end = for_each_line(text.as_str(), |line| {
            lines.push(line.to_string());
            ControlFlow::Continue(())
        });
        assert!(end.is_continue());
        assert_eq!(counts.records, lines.len() as u64, "given are those counted");
        (lines, counts)
    }

    #[test]
    fn every_oddity_has_its_line() {
        let odd = b"a\n\nb\r\nc\r\r\nd\re\n\0\n";
        let (lines, counts) = lines(odd, policy(100, LongLines::Skip, InvalidUtf8::Replace));
        assert_eq!(lines, ["a", "", "b", "c\r", "d\re", "\0"]);
        assert_eq!(counts, LineCounts { records: 6, ..LineCounts::default() });
    }

    #[test]
    fn malformed_utf8_is_replaced_or_its_line_skipped_and_counted() {
        let bytes = b"ok\nbad \xff\xfe!\nfine\n";
        let (replaced, counts) = lines(bytes, policy(100, LongLines::Skip, InvalidUtf8::Replace));
        assert_eq!(replaced, ["ok", "bad \u{fffd}\u{fffd}!", "fine"]);
        assert_eq!((counts.mended, counts.rejected), (1, 0));
        let (skipped, counts) = lines(bytes, policy(100, LongLines::Skip, InvalidUtf8::Skip));
        assert_eq!(skipped, ["ok", "fine"]);
        assert_eq!((counts.mended, counts.rejected), (0, 1));
    }

    #[test]
    fn lines_past_the_limit_are_skipped_or_cut_and_counted() {
        let bytes = b"12345678\n123456789\n12345678\r\nx\n";
        let (skipped, counts) = lines(bytes, policy(8, LongLines::Skip, InvalidUtf8::Replace));
        assert_eq!(skipped, ["12345678", "12345678", "x"]);
        assert_eq!((counts.rejected, counts.cut), (1, 0));
        let (cut, counts) = lines(bytes, policy(8, LongLines::Cut, InvalidUtf8::Replace));
        assert_eq!(cut, ["12345678", "12345678", "12345678", "x"]);
        assert_eq!((counts.rejected, counts.cut), (0, 1));
    }

    /// The obvious version: all bytes at once, split at newlines.
    fn obvious(bytes: &[u8], policy: Policy) -> Vec<String> {
        let mut lines: Vec<&[u8]> = bytes.split(|&b| b == b'\n').collect();
        if lines.last().is_some_and(|last| last.is_empty()) {
            lines.pop();
        }
        let mut kept = Vec::new();
        for line in lines {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let line = match (line.len() > policy.limit.max_bytes, policy.limit.long_lines) {
                (false, _) => line,
                (true, LongLines::Skip) => continue,
                (true, LongLines::Cut) => {
                    let cut = &line[..cut_len(line, policy.limit.max_bytes)];
                    cut.strip_suffix(b"\r").unwrap_or(cut)
                }
            };
            match (std::str::from_utf8(line), policy.invalid_utf8) {
                (Err(_), InvalidUtf8::Skip) => {}
                _ => kept.push(String::from_utf8_lossy(line).into_owned()),
            }
        }
        kept
    }

    /// As a receiver and a task do it, with a read for each of `pieces`.
    fn received(pieces: [&[u8]; 3], policy: Policy) -> (Vec<String>, u64) {
        let mut carry = Carry::new(Framing::Lines);
        let (mut kept, mut too_long) = (Vec::new(), 0);
        let mut take = |bytes: &[u8], kept: &mut Vec<String>| {
            let (lines, counts) = lines(bytes, policy);
            kept.extend(lines);
            too_long += counts.cut + counts.rejected;
        };
        let mut framed_too_long = 0;
        for piece in pieces {
            let gap = carry.gap();
            let mut buffer = [&vec![b'?'; gap][..], piece].concat();
            let framed = carry.take(&mut buffer, piece.len(), policy.limit);
            framed_too_long += framed.counts.cut + framed.counts.rejected;
            take(&buffer[framed.records], &mut kept);
        }
        let mut buffer = vec![b'?'; carry.gap() + 1];
        let last = carry.finish(&mut buffer).records;
        take(&buffer[last], &mut kept);
        (kept, too_long + framed_too_long)
    }

    #[test]
    fn every_pair_of_cuts_gives_the_same_lines_and_the_same_counts() {
        let corpus: [&[u8]; 3] = [
            b"a\n\n\nbb\r\n\r\nc\r\r\nd\re\n\0\nno end",
            b"12345678\n123456789\n12345678\r\n123456789\r\n1234567\r8\n1234567\r89\nx\n1234567890123456789",
            "1234567€\n12345€\néééé\néééée\n\u{10348}\u{10348}\n\u{10348}\u{10348}!\n".as_bytes(),
        ];
        let bad = [
            b"\xff\n1234567\xe2\x82\n\xe2\x82\n1234567\xf0\x90\x8d\n".as_slice(),
            corpus[1],
            &[0x80; 20],
        ]
        .concat();
        for text in corpus.into_iter().chain([bad.as_slice()]) {
            for long in [LongLines::Skip, LongLines::Cut] {
                for invalid in [InvalidUtf8::Replace, InvalidUtf8::Skip] {
                    let policy = policy(8, long, invalid);
                    let expected = obvious(text, policy);
                    let (_, expected_count) = received([text, b"", b""], policy);
                    for i in 0..=text.len() {
                        for j in i..=text.len() {
                            let (lines, count) =
                                received([&text[..i], &text[i..j], &text[j..]], policy);
                            assert_eq!(lines, expected, "{long:?} {invalid:?}, cut at {i} and {j}");
                            assert_eq!(
                                count, expected_count,
                                "{long:?} {invalid:?}, cut at {i} and {j}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn leaping_finds_a_long_line_wherever_it_is() {
        for long_at in 0..20 {
            let text: Vec<u8> = (0..20)
                .flat_map(|i| if i == long_at { &b"123456789\n"[..] } else { b"1234\n" }.to_vec())
                .collect();
            assert!(!every_line_fits(&text, 8), "at {long_at}");
            assert!(every_line_fits(&text, 9), "at {long_at}");
        }
    }
}
