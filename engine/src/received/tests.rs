//! Records come out as they came, whatever frames them and however they are cut.

use super::*;
use crate::conf::{InvalidUtf8, LongLines};
use crate::framing::{Carry, RecordLimit};

const LIMIT: usize = 8;

fn policy(framing: Framing, long_lines: LongLines) -> RecordPolicy {
    RecordPolicy { limit: RecordLimit { max_bytes: LIMIT, long_lines }, form: Form::Bytes(framing) }
}

type Outcome = (Vec<Vec<u8>>, LineCounts);

/// As a receiver and a task do it, with a read for each of `pieces`.
fn received(pieces: [&[u8]; 3], policy: RecordPolicy) -> Outcome {
    let mut carry = Carry::new(policy.framing());
    let (mut records, mut counts) = (Vec::new(), LineCounts::default());
    let mut work_on = |bytes: &[u8]| {
        let block = ReceivedBlock::new(Block::of_bytes(Bytes::copy_from_slice(bytes)), policy);
        let before = records.len();
        records.extend(block.records().map(<[u8]>::to_vec));
        assert_eq!(block.counts().records, (records.len() - before) as u64);
        block.counts()
    };
    for piece in pieces {
        let gap = carry.gap();
        let mut buffer = [&vec![b'?'; gap][..], piece].concat();
        let framed = carry.take(&mut buffer, piece.len(), policy.limit);
        assert!(carry.gap() <= LIMIT + 4, "a carry is no longer than a record");
        counts += framed.counts;
        counts += work_on(&buffer[framed.records]);
    }
    let mut buffer = vec![b'?'; carry.gap() + 1];
    let framed = carry.finish(&mut buffer);
    assert_eq!(framed.torn.is_some(), framed.counts.unterminated == 1 && !is_lines(policy));
    counts += framed.counts;
    counts += work_on(&buffer[framed.records]);
    (records, counts)
}

fn is_lines(policy: RecordPolicy) -> bool {
    policy.framing() == Framing::Lines
}

/// The obvious version: all the bytes at once, record by record.
fn obvious(mut bytes: &[u8], policy: RecordPolicy) -> Outcome {
    let (mut records, mut counts) = (Vec::new(), LineCounts::default());
    while !bytes.is_empty() {
        let (record, rest) = match policy.framing() {
            Framing::Lines => match bytes.iter().position(|&b| b == b'\n') {
                Some(end) => (Some(&bytes[..end]), &bytes[end + 1..]),
                None => (Some(bytes), &bytes[bytes.len()..]),
            },
            Framing::Fixed(n) if bytes.len() < n => (None, &bytes[bytes.len()..]),
            Framing::Fixed(n) => (Some(&bytes[..n]), &bytes[n..]),
            Framing::LengthPrefixed => {
                let length = bytes.get(..4).map(|b| (b[2] as usize) << 8 | b[3] as usize);
                let end = length.map_or(bytes.len() + 1, |length| 4 + length);
                match bytes.get(4..end) {
                    Some(record) => (Some(record), &bytes[end..]),
                    None => (None, &bytes[bytes.len()..]),
                }
            }
        };
        counts.unterminated +=
            u64::from(record.is_none() || is_lines(policy) && !bytes.contains(&b'\n'));
        bytes = rest;
        let Some(mut record) = record else {
            counts.rejected += 1;
            continue;
        };
        if is_lines(policy) {
            record = record.strip_suffix(b"\r").unwrap_or(record);
        }
        if record.len() > LIMIT {
            if !is_lines(policy) || policy.limit.long_lines == LongLines::Skip {
                counts.rejected += 1;
                continue;
            }
            counts.cut += 1;
            record = &record[..LIMIT];
            record = record.strip_suffix(b"\r").unwrap_or(record);
        }
        records.push(record.to_vec());
    }
    counts.records = records.len() as u64;
    (records, counts)
}

fn every_pair_of_cuts_gives_the_same(bytes: &[u8], policy: RecordPolicy) {
    let expected = obvious(bytes, policy);
    for i in 0..=bytes.len() {
        for j in i..=bytes.len() {
            let found = received([&bytes[..i], &bytes[i..j], &bytes[j..]], policy);
            assert_eq!(found, expected, "{policy:?}, cut at {i} and {j}");
        }
    }
}

#[test]
fn records_of_one_length_are_the_same_wherever_the_bytes_are_cut() {
    let bytes: Vec<u8> = (0..25).collect();
    for n in 1..=LIMIT {
        every_pair_of_cuts_gives_the_same(&bytes, policy(Framing::Fixed(n), LongLines::default()));
    }
}

#[test]
fn records_with_their_length_in_front_are_the_same_wherever_the_bytes_are_cut() {
    let whole = b"\0\0\0\x03one\0\0\0\0\0\0\0\x0812345678\0\0\0\x09123456789\0\0\0\x01\n";
    for end in [&b""[..], b"\0", b"\0\0\0\x02", b"\0\0\0\x02x", b"\0\0\0\x18too long", b"\0\0\0\0"]
    {
        let bytes = [whole, end].concat();
        every_pair_of_cuts_gives_the_same(&bytes, policy(Framing::LengthPrefixed, LongLines::Cut));
    }
}

#[test]
fn lines_of_any_bytes_are_the_same_wherever_the_bytes_are_cut() {
    let bytes = b"\xff\xfe\n\nab\r\n12345678\r\n123456789\n1234567\r89\n\r\r\n\0\xe2\x82";
    for long in [LongLines::Skip, LongLines::Cut] {
        every_pair_of_cuts_gives_the_same(bytes, policy(Framing::Lines, long));
    }
}

#[test]
fn what_is_mended_as_it_comes_is_counted_once_and_its_memory_too() {
    let pool = SlabPool::new(6 * SlabPool::least_bytes(100), 100);
    let (limit_bytes, slab_bytes) = (pool.limit_bytes(), pool.slab_bytes());
    let limit = RecordLimit { max_bytes: 100, long_lines: LongLines::Skip };
    let policy = RecordPolicy { limit, form: Form::Text(InvalidUtf8::Replace) };
    let mut slab = pool.take(0).unwrap().0;
    let mut just_read = |line: &[u8]| {
        let n = slab_bytes / 3 / line.len();
        let bytes = line.repeat(n);
        slab.room()[..bytes.len()].copy_from_slice(&bytes);
        slab.advance(bytes.len());
        let (bytes, lease) = slab.cut();
        let origin = Origin { source: 1, connection: 2, offset: 3 };
        let block = Block::new(bytes.clone(), lease, origin);
        (n as u64, bytes, ReceivedBlock::just_read(block, policy, &pool))
    };

    let (n, bytes, (fine, counts)) = just_read(b"as it should be\n");
    assert_eq!((fine.counts().records, counts), (n, LineCounts::default()));
    assert_eq!((fine.text().as_ptr(), pool.limit_bytes()), (bytes.as_ptr(), limit_bytes));

    // Three bytes for each.
    let line = [&[0xffu8; 33][..], b"\n"].concat();
    let (n, bytes, (mended, counts)) = just_read(&line);
    assert_eq!(counts, LineCounts { mended: n, ..LineCounts::default() });
    assert_eq!(mended.text(), ("\u{fffd}".repeat(33) + "\n").repeat(n as usize));
    assert_eq!(mended.counts(), LineCounts { records: n, ..LineCounts::default() });
    assert_eq!((mended.came_bytes(), mended.origin().offset), (bytes.len(), 3));
    let all = pool.reserved_bytes();
    assert_eq!(all, mended.raw_bytes() as u64);
    assert_eq!(mended.text().as_ptr(), mended.raw().as_ptr(), "no reader makes another copy");
    let (first, rest) = ReceivedBlock::new(mended.block.clone(), policy).split(1000).unwrap();
    drop(mended);
    drop(first);
    assert_eq!(pool.reserved_bytes(), all, "as long as there is a part of it");
    drop(rest);
    assert_eq!((pool.reserved_bytes(), pool.limit_bytes()), (0, limit_bytes));
    // Mended, each would be longer than a line may be.
    let line = [&[0xffu8; 34][..], b"\n"].concat();
    let (n, _, (none, counts)) = just_read(&line);
    assert_eq!(counts, LineCounts { rejected: n, ..LineCounts::default() });
    assert_eq!((none.text(), none.counts().records), ("", 0));
}

#[test]
fn four_gibibytes_that_are_claimed_take_no_memory_and_what_follows_is_intact() {
    let policy = policy(Framing::LengthPrefixed, LongLines::default());
    let mut carry = Carry::new(Framing::LengthPrefixed);
    let mut left = 4 + u64::from(u32::MAX);
    let mut piece = vec![0xff; 64 << 20];
    let mut counts = LineCounts::default();
    while left > 0 {
        let n = left.min(piece.len() as u64) as usize;
        let framed = carry.take(&mut piece[..n], n, policy.limit);
        assert!(carry.gap() == 0 && framed.records.is_empty());
        counts += framed.counts;
        left -= n as u64;
    }
    let mut next = *b"\0\0\0\x04next";
    let framed = carry.take(&mut next, 8, policy.limit);
    assert_eq!((counts.rejected, framed.records), (1, 0..8));
}

#[test]
fn what_a_record_claims_takes_no_memory_before_it_has_come() {
    let limit = RecordLimit { max_bytes: 1 << 30, long_lines: LongLines::default() };
    let mut carry = Carry::new(Framing::LengthPrefixed);
    let mut head = *b"\x30\0\0\0";
    carry.take(&mut head, 4, limit);
    assert_eq!((carry.gap(), carry.give_up().is_some(), carry.gap()), (4, true, 0));
}
