//! Records of bytes, whatever frames them: the same wherever the stream of bytes is cut, counted
//! when they are none, and harmless when they claim to be long.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpListener;

use millstream::progress::LineCounts;
use millstream::{BoxError, Conf, Framing, StreamingContext, secs};

use crate::rig::{BLOCK, Rig, accept, conf};

const LIMIT: usize = 16;

/// A record with its length in front.
fn prefixed(record: &[u8]) -> Vec<u8> {
    [&(record.len() as u32).to_be_bytes(), record].concat()
}

fn rig_of(framing: Framing, conf: Conf) -> Rig<Vec<u8>> {
    Rig::start(conf, move |s, out| {
        out.collect(&s.listen_stream(":0", framing).map(|record| record.to_vec()));
        Ok(())
    })
}

/// Bytes to send, the records in them, and what is to be counted.
struct Case {
    framing: Framing,
    bytes: Vec<u8>,
    records: Vec<Vec<u8>>,
    counts: LineCounts,
}

fn cases() -> [Case; 3] {
    let owned = |records: &[&[u8]]| records.iter().map(|r| r.to_vec()).collect::<Vec<_>>();
    let frames = owned(&[b"", b"one\n", b"\0\0\0\x05\xff", &[7; LIMIT], &[8; LIMIT + 1], b"last"]);
    let mut kept = frames.clone();
    kept.remove(4);
    [
        Case {
            framing: Framing::LengthPrefixed,
            bytes: [frames.iter().flat_map(|f| prefixed(f)).collect(), b"\0\0\0\x09torn".to_vec()]
                .concat(),
            records: kept,
            counts: LineCounts { records: 5, rejected: 2, unterminated: 1, ..Default::default() },
        },
        Case {
            framing: Framing::Fixed(7),
            bytes: b"0123456abcdefg\n\r\n\0\xff\xfe!torn".to_vec(),
            records: owned(&[b"0123456", b"abcdefg", b"\n\r\n\0\xff\xfe!"]),
            counts: LineCounts { records: 3, rejected: 1, unterminated: 1, ..Default::default() },
        },
        Case {
            framing: Framing::Lines,
            bytes: b"\xff\xfe\r\n\nlonger than is allowed\nno line end".to_vec(),
            records: owned(&[b"\xff\xfe", b"", b"no line end"]),
            counts: LineCounts { records: 3, rejected: 1, unterminated: 1, ..Default::default() },
        },
    ]
}

fn how_often(records: impl IntoIterator<Item = Vec<u8>>) -> BTreeMap<Vec<u8>, usize> {
    let mut counts = BTreeMap::new();
    for record in records {
        *counts.entry(record).or_default() += 1;
    }
    counts
}

fn times(counts: LineCounts, n: u64) -> LineCounts {
    LineCounts {
        records: counts.records * n,
        rejected: counts.rejected * n,
        unterminated: counts.unterminated * n,
        ..LineCounts::default()
    }
}

#[test]
fn every_pair_of_cuts_gives_the_same_records() {
    for Case { framing, bytes, records, counts } in cases() {
        let rig = rig_of(framing, conf().max_line_bytes(LIMIT));
        let pairs: Vec<_> =
            (0..=bytes.len()).flat_map(|i| (i..=bytes.len()).map(move |j| (i, j))).collect();
        for pairs in pairs.chunks(500) {
            let ends = rig.ear.disconnected();
            let mut clients: Vec<_> = pairs.iter().map(|_| rig.client()).collect();
            for piece in 0..3 {
                for (client, &(i, j)) in clients.iter_mut().zip(pairs) {
                    let piece = [&bytes[..i], &bytes[i..j], &bytes[j..]][piece];
                    client.write_all(piece).expect("the engine reads");
                }
                rig.come_round();
                rig.hand.advance(BLOCK);
            }
            drop(clients);
            rig.ear.wait_for_ends(ends + 3 + pairs.len());
            let expected = records.iter().flat_map(|r| std::iter::repeat_n(r.clone(), pairs.len()));
            assert_eq!(how_often(rig.batch()), how_often(expected), "{framing:?}");
            assert_eq!(rig.counts(), times(counts, pairs.len() as u64), "{framing:?}");
        }
    }
}

#[test]
fn in_one_piece_records_keep_their_order() {
    for Case { framing, bytes, records, counts } in cases() {
        let rig = rig_of(framing, conf().max_line_bytes(LIMIT));
        rig.send(&bytes);
        assert_eq!(rig.batch(), records, "{framing:?}");
        assert_eq!(rig.counts(), counts, "{framing:?}");
    }
}

#[test]
fn what_closes_early_is_counted_and_reduced_as_lines_are() {
    for early in [true, false] {
        let rig: Rig<u64> = Rig::start(conf().early_work(early), |s, out| {
            let frames = s.listen_stream(":0", Framing::LengthPrefixed);
            out.collect(&frames.count());
            out.collect(&frames.map(|frame| frame.len() as u64).reduce(|a, b| a + b));
            let by_frame = frames.map(|frame| (frame, 1u64)).reduce_by_key(|a, b| a + b);
            out.collect(&by_frame.filter(|(frame, _)| *frame == b"twice").map(|(_, n)| n));
            Ok(())
        });
        let frames = [&b"twice"[..], b"once", b"twice"];
        rig.send(&frames.map(prefixed).concat());
        assert_eq!(rig.batch(), [3, 14, 2]);
        assert_eq!(rig.running.explain().contains("map side as blocks close"), early);
    }
}

#[test]
fn large_blocks_are_shared_out_between_records() {
    let rig = rig_of(Framing::LengthPrefixed, conf().early_work(false));
    let frames: Vec<Vec<u8>> =
        (0..5000u32).map(|n| n.to_be_bytes().repeat(n as usize % 60)).collect();
    rig.send(&frames.iter().flat_map(|f| prefixed(f)).collect::<Vec<u8>>());
    assert_eq!(rig.batch(), frames);
}

#[test]
fn a_connection_that_ends_within_a_record_is_a_warning_with_both_numbers() {
    for (framing, bytes, numbers) in [
        (Framing::Fixed(7), &b"0123456abc"[..], "3 of the 7 bytes of a record"),
        (Framing::LengthPrefixed, b"\0\0\0\x09torn", "4 of the 9 bytes of a record"),
        (Framing::LengthPrefixed, b"\0\0", "2 of the 4 bytes of a record's length"),
        (Framing::LengthPrefixed, b"\xff\xff\xff\xffx", "1 of the 4294967295 bytes of a record"),
    ] {
        let rig = rig_of(framing, conf().max_line_bytes(LIMIT));
        rig.send(bytes);
        rig.batch();
        assert_eq!((rig.counts().rejected, rig.counts().unterminated), (1, 1), "{framing:?}");
        let warnings = rig.ear.warnings(numbers);
        assert!(warnings.len() == 1 && warnings[0].starts_with("listener :0"), "{warnings:?}");
    }
}

#[test]
fn a_length_that_is_too_long_is_skipped_and_what_follows_is_a_record() {
    let rig = rig_of(Framing::LengthPrefixed, conf());
    let long = 3 << 20;
    let mut client = rig.client();
    let (head, rest) = (prefixed(&vec![1; long]), prefixed(b"next"));
    for piece in head.chunks(100_000) {
        client.write_all(piece).expect("the engine reads");
    }
    client.write_all(&rest).expect("the engine reads");
    rig.close_blocks_until(rest.len() as u64);
    assert_eq!(rig.batch(), [b"next".to_vec()]);
    assert_eq!((rig.counts().records, rig.counts().rejected), (1, 1));
    assert_eq!(rig.report().bytes, rest.len() as u64, "what is skipped is in no block");
}

#[test]
fn a_server_that_is_dialled_may_send_records_too() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let target = server.local_addr().expect("it is bound").to_string();
    let rig: Rig<Vec<u8>> = Rig::start(conf(), move |s, out| {
        out.collect(&s.socket_stream(target.as_str(), Framing::Fixed(3)).map(|r| r.to_vec()));
        Ok(())
    });
    accept(&server).write_all(b"onetwo").expect("the engine reads");
    rig.ear.wait_for_ends(1);
    assert_eq!(rig.batch(), [b"one".to_vec(), b"two".to_vec()]);
}

#[test]
fn a_length_that_no_record_can_have_fails_the_start_with_both_numbers() {
    for bytes in [0, LIMIT + 1] {
        let ssc = StreamingContext::new(conf().max_line_bytes(LIMIT), secs(1));
        let refused =
            ssc.expect("the settings are right").start(move |s| -> Result<(), BoxError> {
                s.listen_stream(":0", Framing::Fixed(bytes)).print();
                Ok(())
            });
        let sentence = refused.err().expect("it is refused").to_string();
        for part in ["listener :0", &format!(" {bytes} bytes"), "1 to 16 bytes"] {
            assert!(sentence.contains(part), "{sentence}");
        }
    }
}
