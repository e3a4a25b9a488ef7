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
        let mut text = String::from_utf8_lossy(line).into_owned();
        if text.as_bytes() != line && policy.invalid_utf8 == InvalidUtf8::Skip {
            continue;
        }
        if text.len() > policy.limit.max_bytes {
            if policy.limit.long_lines == LongLines::Skip {
                continue;
            }
            let cut = (0..=policy.limit.max_bytes).rev().find(|&at| text.is_char_boundary(at));
            text.truncate(cut.unwrap_or(0));
            text.truncate(without_return(&text).len());
        }
        kept.push(text);
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
    let last = carry.finish(&mut buffer);
    framed_too_long += last.counts.cut;
    take(&buffer[last.records], &mut kept);
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
fn a_line_that_mending_makes_too_long_is_skipped_or_cut_like_any_other() {
    // Of three bytes it has seven then; and the second, of six, eight.
    let bytes = b"x\xff\xff\n12345\xff\r\nok\n";
    let (whole, counts) = lines(bytes, policy(8, LongLines::Skip, InvalidUtf8::Replace));
    assert_eq!(whole, ["x\u{fffd}\u{fffd}", "12345\u{fffd}", "ok"]);
    assert_eq!((counts.mended, counts.rejected, counts.cut), (2, 0, 0));
    let (skipped, counts) = lines(bytes, policy(7, LongLines::Skip, InvalidUtf8::Replace));
    assert_eq!(skipped, ["x\u{fffd}\u{fffd}", "ok"]);
    assert_eq!((counts.mended, counts.rejected, counts.cut), (1, 1, 0));
    let (cut, counts) = lines(bytes, policy(6, LongLines::Cut, InvalidUtf8::Replace));
    assert_eq!(cut, ["x\u{fffd}", "12345", "ok"]);
    assert_eq!((counts.mended, counts.rejected, counts.cut), (2, 0, 0));
}

#[test]
fn a_line_is_mended_and_cut_as_the_standard_library_would_at_each_limit() {
    let corpus: [&[u8]; 5] = [
        b"ab\xffcd\xe2\x82\xf0\x90\x8d!\xc3\xa9",
        "\u{10348}\u{20ac}é".as_bytes(),
        b"\xff\xff\xff\r",
        "x\u{20ac}\u{20ac}\r".as_bytes(),
        b"\xf0\x90\x8d\x88\xf0\x90",
    ];
    for line in corpus {
        for max_bytes in 0..=3 * line.len() + 1 {
            let text = String::from_utf8_lossy(line);
            let fits = without_return(&text).len() <= max_bytes;
            let wanted = if fits { text.len() } else { cut_len(text.as_bytes(), max_bytes) };
            let parts: Vec<&[u8]> = match is_too_long_mended(line, max_bytes) {
                true => cut_parts(mended_parts(line), max_bytes).collect(),
                false => mended_parts(line).collect(),
            };
            assert_eq!(parts.concat(), text.as_bytes()[..wanted], "{line:?}, {max_bytes}");
        }
    }
}

#[test]
fn what_is_mended_once_is_fit_and_is_not_copied_again() {
    let corpus: [&[u8]; 3] = [
        b"12345678\r\n\xff\r\n12345678\r\r\n1234567\r\r\n\xff\xff\r\r\n",
        b"1234567\xff\n123456789\r\n",
        &[b"\xff".repeat(100), b"\n".to_vec()].concat(),
    ];
    for long in [LongLines::Skip, LongLines::Cut] {
        let limit = RecordLimit { max_bytes: 8, long_lines: long };
        for bytes in corpus {
            let (mended, counts) = mended_text(bytes, limit, InvalidUtf8::Replace).unwrap();
            assert_eq!(mended_text(&mended, limit, InvalidUtf8::Replace), None, "{bytes:?}");
            let (text, again) = check_text(&mended, limit, InvalidUtf8::Replace);
            assert!(mended.is_empty() || text.as_str().as_ptr() == mended.as_ptr(), "{bytes:?}");
            assert_eq!(again, LineCounts { records: counts.records, ..LineCounts::default() });
        }
    }
    let fine = "12345678\r\nab\n\u{20ac}\n";
    let limit = RecordLimit { max_bytes: 8, long_lines: LongLines::Skip };
    assert_eq!(mended_text(fine.as_bytes(), limit, InvalidUtf8::Replace), None);
    assert_eq!(mended_lines(b"\xff\n12345678\r\n", limit), None);
    assert_eq!(&mended_lines(b"\xff\n123456789\n", limit).unwrap().0[..], b"\xff\n");
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
