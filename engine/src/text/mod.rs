//! A block's lines, made fit for operators once: counted, checked, mended where they must be.
//!
//! Almost every block is fine as it is: valid UTF-8, no line too long. Then this copies nothing, and
//! costs one pass over a block of ASCII, which counts its newlines, or two over any other, at tens of
//! gigabytes a second while the block is in the cache. A block with a fault is rewritten, line by line,
//! into memory of its own: as it closes, by its receiver or the driver ([`mended_text`]), so that this memory is known
//! of, or where it is first read. Lines that may be any bytes are not checked for UTF-8.

#[cfg(test)]
mod tests;
mod utf8;

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

/// Lines as they are to be kept, where `bytes` are not that: where one is not UTF-8, or too long; and what became
/// of them. Cost: a pass over `bytes`; where there is a fault three more, and four over each line that is malformed.
pub(crate) fn mended_text(
    bytes: &[u8],
    limit: RecordLimit,
    invalid_utf8: InvalidUtf8,
) -> Option<(Bytes, LineCounts)> {
    let is_fit =
        every_line_fits(bytes, limit.max_bytes) && simdutf8::basic::from_utf8(bytes).is_ok();
    (!is_fit).then(|| mend(bytes, limit, Some(invalid_utf8)))
}

/// The same for lines that may be any bytes. Cost: a look at few of them.
pub(crate) fn mended_lines(bytes: &[u8], limit: RecordLimit) -> Option<(Bytes, LineCounts)> {
    (!every_line_fits(bytes, limit.max_bytes)).then(|| mend(bytes, limit, None))
}

fn all_given(bytes: &[u8]) -> LineCounts {
    let records = memchr_iter(b'\n', bytes).count() as u64;
    LineCounts { records, ..LineCounts::default() }
}

/// Whether no line is longer than `max_bytes`. Leaps from the last newline that a line may end in
/// to the next such one, so it looks at few bytes of a block of many lines.
fn every_line_fits(bytes: &[u8], max_bytes: usize) -> bool {
    let mut rest = bytes;
    while rest.len() > max_bytes + 1 {
        rest = match memrchr(b'\n', &rest[..=max_bytes]) {
            Some(newline) => &rest[newline + 1..],
            // As long as a line may be, with a carriage return behind it.
            None if rest[max_bytes..].starts_with(b"\r\n") => &rest[max_bytes + 2..],
            None => return false,
        };
    }
    true
}

/// Goes through the lines one by one; those that are to be text get `invalid_utf8`.
fn mend(
    bytes: &[u8],
    limit: RecordLimit,
    invalid_utf8: Option<InvalidUtf8>,
) -> (Bytes, LineCounts) {
    // Twice, so that what is kept has the memory that it needs, and no more.
    let mut needed = 0;
    for_each_part(bytes, limit, invalid_utf8, |part| needed += part.len());
    let mut kept = Vec::with_capacity(needed);
    let counts = for_each_part(bytes, limit, invalid_utf8, |part| kept.extend_from_slice(part));
    let framed = memchr_iter(b'\n', bytes).count() as u64;
    assert_eq!(framed, counts.records + counts.rejected, "every line framed is given or rejected");
    (kept.into(), counts)
}

/// Calls `keep` with the parts of which the lines are made that are kept; answers what became of all.
///
/// The limit holds for a line as it comes, and again for what mending has made of it: then it counts as mended, and
/// not as cut; or as rejected, where long lines are skipped.
fn for_each_part(
    bytes: &[u8],
    limit: RecordLimit,
    invalid_utf8: Option<InvalidUtf8>,
    mut keep: impl FnMut(&[u8]),
) -> LineCounts {
    let mut counts = LineCounts::default();
    let is_too_long =
        |line: &[u8]| line.strip_suffix(b"\r").unwrap_or(line).len() > limit.max_bytes;
    for line in bytes.split_inclusive(|&b| b == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = match (is_too_long(line), limit.long_lines) {
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
        match invalid_utf8.filter(|_| simdutf8::basic::from_utf8(line).is_err()) {
            None => keep(line),
            Some(InvalidUtf8::Replace) => {
                match (is_too_long_mended(line, limit.max_bytes), limit.long_lines) {
                    (false, _) => mended_parts(line).for_each(&mut keep),
                    (true, LongLines::Skip) => {
                        counts.rejected += 1;
                        continue;
                    }
                    (true, LongLines::Cut) => {
                        cut_parts(mended_parts(line), limit.max_bytes).for_each(&mut keep);
                    }
                }
                counts.mended += 1;
            }
            Some(InvalidUtf8::Skip) => {
                counts.rejected += 1;
                continue;
            }
        }
        keep(b"\n");
        counts.records += 1;
    }
    counts
}

/// What a line is mended into, in parts of whole characters: each malformed sequence becomes U+FFFD. It is not put
/// together here: a line of nothing else would need three times its memory for that, which nobody counts.
fn mended_parts(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.utf8_chunks().flat_map(|chunk| {
        let instead = if chunk.invalid().is_empty() { "" } else { "\u{fffd}" };
        [chunk.valid().as_bytes(), instead.as_bytes()]
    })
}

/// Whether a line is longer than `max_bytes` when it is mended, but for a carriage return at its end.
fn is_too_long_mended(line: &[u8], max_bytes: usize) -> bool {
    let most = max_bytes + usize::from(line.ends_with(b"\r"));
    let may_be = line.len().saturating_mul("\u{fffd}".len()) > most;
    may_be && mended_parts(line).map(<[u8]>::len).sum::<usize>() > most
}

/// The first of such parts, up to where a line of them is to be cut.
fn cut_parts<'p>(
    parts: impl Iterator<Item = &'p [u8]>,
    max_bytes: usize,
) -> impl Iterator<Item = &'p [u8]> {
    parts.scan(Some(max_bytes), |left, part| {
        let fits = cut_len(part, (*left)?);
        *left = left.filter(|_| fits == part.len()).map(|left| left - fits);
        Some(&part[..fits])
    })
}
