//! A block's lines, made fit for operators once: counted, checked, mended where they must be.
//!
//! Almost every block is fine as it is: valid UTF-8, no line too long. Then this copies nothing, and
//! costs one pass over a block of ASCII, which counts its newlines, or two over any other, at tens of
//! gigabytes a second while the block is in the cache. A block with a fault is rewritten, line by line,
//! into memory of its own. Lines that may be any bytes are not checked for UTF-8.

#[cfg(test)]
mod tests;
mod utf8;

use std::borrow::Cow;
use std::ops::ControlFlow;

use bytes::Bytes;
use memchr::{memchr_iter, memrchr};

pub(crate) use utf8::Utf8;

use crate::conf::{InvalidUtf8, LongLines};
use crate::framing::{RecordLimit, cut_len};
use crate::progress::LineCounts;

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
