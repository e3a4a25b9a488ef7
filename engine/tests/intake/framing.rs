//! Any cut of the byte stream at any point gives the same lines.

use std::collections::BTreeMap;
use std::io::Write;

use millstream::progress::LineCounts;
use millstream::{Conf, InvalidUtf8, LongLines};

use crate::rig::{BLOCK, Rig, conf};

const LIMIT: usize = 16;

/// Every oddity, a line or two of each.
const ODD: &[u8] = b"plain\n\n\ncrlf\r\n\r\nlone\rcr\ntwo\r\r\nnul\0\ngr\xc3\xbcn \xe2\x82\xac\n\
bad \xff\xfe!\nbroken \xe2\x82\n0123456789abcdef\n0123456789abcdef\r\n0123456789abcdefg\n\
0123456789abcdef\r\r\n0123456789abcd\xe2\x82\xac tail\nfar beyond what is allowed\n\
far beyond it and crlf\r\nfar beyond it once more, and more\nlong and not UTF-8: \xff\xfe\xfd\n\
0123456\xff9abcdefgh\n0123456\xff9abcdef\nafter\nno newline";

/// The obvious version: all the bytes at once, line by line.
fn model(bytes: &[u8], long: LongLines, invalid: InvalidUtf8) -> (Vec<String>, LineCounts) {
    let (mut lines, mut counts) = (Vec::new(), LineCounts::default());
    let mut pieces: Vec<&[u8]> = bytes.split(|&b| b == b'\n').collect();
    match pieces.last() {
        Some(&[]) => drop(pieces.pop()),
        _ => counts.unterminated = 1,
    }
    for piece in pieces {
        let mut line = piece.strip_suffix(b"\r").unwrap_or(piece);
        if line.len() > LIMIT {
            if long == LongLines::Skip {
                counts.rejected += 1;
                continue;
            }
            counts.cut += 1;
            let inside_a_character = |at: &usize| line[*at] & 0xc0 == 0x80;
            let at = (0..=LIMIT).rev().find(|at| !inside_a_character(at));
            line = &line[..at.expect("no line here is all continuation bytes")];
        }
        let mut text = String::from_utf8_lossy(line).into_owned();
        if text.as_bytes() != line {
            let is_too_long = text.len() > LIMIT;
            if invalid == InvalidUtf8::Skip || is_too_long && long == LongLines::Skip {
                counts.rejected += 1;
                continue;
            }
            let at = (0..=LIMIT.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
            text.truncate(at.expect("0 is one"));
            counts.mended += 1;
        }
        lines.push(text);
    }
    counts.records = lines.len() as u64;
    (lines, counts)
}

fn odd_conf(long: LongLines, invalid: InvalidUtf8) -> Conf {
    conf().max_line_bytes(LIMIT).long_lines(long).invalid_utf8(invalid)
}

fn how_often(lines: Vec<String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in lines {
        *counts.entry(line).or_default() += 1;
    }
    counts
}

/// Every first cut, with a sample of second cuts that differs from one to the next.
fn pairs_of_cuts() -> Vec<(usize, usize)> {
    let firsts = 0..=ODD.len();
    let pairs = firsts.flat_map(|i| (i + i % 5..=ODD.len()).step_by(37).map(move |j| (i, j)));
    pairs.collect()
}

/// Sends the odd bytes in three pieces over a connection for each pair of cuts, and sees to it that
/// the engine reads the pieces one by one.
fn pairs_of_cuts_give_the_same_lines(long: LongLines, invalid: InvalidUtf8) {
    let rig = Rig::of_lines(odd_conf(long, invalid));
    let (lines, counts) = model(ODD, long, invalid);
    for pairs in pairs_of_cuts().chunks(500) {
        let (n, ends) = (pairs.len(), rig.ear.disconnected());
        let mut clients: Vec<_> = pairs.iter().map(|_| rig.client()).collect();
        for piece in 0..3 {
            for (client, &(i, j)) in clients.iter_mut().zip(pairs) {
                let bytes = [&ODD[..i], &ODD[i..j], &ODD[j..]][piece];
                client.write_all(bytes).expect("the engine reads");
            }
            rig.come_round();
            rig.hand.advance(BLOCK);
        }
        drop(clients);
        rig.ear.wait_for_ends(ends + 3 + n);
        let expected = lines.iter().flat_map(|line| std::iter::repeat_n(line.clone(), n));
        assert_eq!(how_often(rig.batch()), how_often(expected.collect()), "{long:?} {invalid:?}");
        let n = n as u64;
        let times_n = LineCounts {
            records: counts.records * n,
            rejected: counts.rejected * n,
            cut: counts.cut * n,
            mended: counts.mended * n,
            unterminated: counts.unterminated * n,
        };
        assert_eq!(rig.counts(), times_n, "{long:?} {invalid:?}");
    }
}

#[test]
fn cuts_with_long_lines_skipped_and_malformed_ones_mended() {
    pairs_of_cuts_give_the_same_lines(LongLines::Skip, InvalidUtf8::Replace);
}

#[test]
fn cuts_with_long_lines_cut_and_malformed_ones_mended() {
    pairs_of_cuts_give_the_same_lines(LongLines::Cut, InvalidUtf8::Replace);
}

#[test]
fn cuts_with_long_lines_skipped_and_malformed_ones_too() {
    pairs_of_cuts_give_the_same_lines(LongLines::Skip, InvalidUtf8::Skip);
}

#[test]
fn cuts_with_long_lines_cut_and_malformed_ones_skipped() {
    pairs_of_cuts_give_the_same_lines(LongLines::Cut, InvalidUtf8::Skip);
}

#[test]
fn in_one_piece_the_lines_keep_their_order() {
    for long in [LongLines::Skip, LongLines::Cut] {
        for invalid in [InvalidUtf8::Replace, InvalidUtf8::Skip] {
            let rig = Rig::of_lines(odd_conf(long, invalid));
            rig.send(ODD);
            assert_eq!(rig.batch(), model(ODD, long, invalid).0, "{long:?} {invalid:?}");
        }
    }
}

#[test]
fn byte_by_byte_gives_the_same_lines() {
    let rig = Rig::of_lines(odd_conf(LongLines::Cut, InvalidUtf8::Replace));
    let (lines, counts) = model(ODD, LongLines::Cut, InvalidUtf8::Replace);
    let ends = rig.ear.disconnected();
    let mut client = rig.client();
    for byte in ODD {
        client.write_all(&[*byte]).expect("the engine reads");
        rig.come_round();
    }
    drop(client);
    rig.ear.wait_for_ends(ends + ODD.len() + 1);
    assert_eq!(rig.batch(), lines);
    assert_eq!(rig.counts(), counts);
}

#[test]
fn a_carriage_return_that_a_cut_leaves_at_the_end_goes_too() {
    let rig = Rig::of_lines(odd_conf(LongLines::Cut, InvalidUtf8::Replace));
    rig.send(b"0123456789abcde\rtail\nafter\n");
    assert_eq!(rig.batch(), ["0123456789abcde", "after"]);
}

#[test]
fn half_a_line_is_carried_over_the_ends_of_blocks() {
    let rig = Rig::of_lines(conf());
    let mut client = rig.client();
    let mut received = 0;
    for (piece, whole) in [("one\ntw", 4), ("o\nth", 4), ("ree\nfour\nfi", 11), ("ve\n", 5)] {
        client.write_all(piece.as_bytes()).expect("the engine reads");
        received += whole;
        rig.close_blocks_until(received);
    }
    assert_eq!(rig.batch(), ["one", "two", "three", "four", "five"]);
    assert_eq!(rig.report().sources[0].blocks, 4);
}

#[test]
fn a_line_belongs_to_the_batch_in_which_it_was_completed() {
    let rig = Rig::of_lines(conf());
    let mut client = rig.client();
    client.write_all(b"before\nhal").expect("the engine reads");
    rig.close_blocks_until(7);
    assert_eq!(rig.batch(), ["before"]);
    assert_eq!(rig.batch(), [""; 0], "half a line is no record of any batch");
    client.write_all(b"f\nafter\n").expect("the engine reads");
    rig.close_blocks_until(7 + 11);
    assert_eq!(rig.batch(), ["half", "after"]);
}

#[test]
fn what_is_in_before_a_tick_is_in_its_batch_and_what_comes_later_in_the_next() {
    let rig = Rig::of_lines(conf());
    for n in 0..5 {
        rig.send(format!("line {n}\n").as_bytes());
        assert_eq!(rig.batch(), [format!("line {n}")]);
    }
}
