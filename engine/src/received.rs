//! A received block as operators read it: its records, checked and counted once.

use std::sync::OnceLock;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::block::{Block, Origin};
use crate::conf::InvalidUtf8;
use crate::framing::{Framing, RecordLimit, RecordsOf};
use crate::progress::LineCounts;
use crate::slabs::SlabPool;
use crate::text::{Utf8, check_lines, check_text, mended_lines, mended_text};

/// What the records of a source are.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Form {
    /// Lines of UTF-8.
    Text(InvalidUtf8),
    /// Any bytes.
    Bytes(Framing),
}

/// What may be in a record, and what frames it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordPolicy {
    pub(crate) limit: RecordLimit,
    pub(crate) form: Form,
}

impl RecordPolicy {
    /// The same for records of any bytes, or of text still where there is no framing.
    pub(crate) fn framed(self, framing: Option<Framing>) -> Self {
        RecordPolicy { form: framing.map_or(self.form, Form::Bytes), ..self }
    }

    /// What is between its records.
    pub(crate) fn framing(&self) -> Framing {
        match self.form {
            Form::Text(_) => Framing::Lines,
            Form::Bytes(framing) => framing,
        }
    }
}

/// A block and, from the first use on, its checked records.
#[doc(hidden)]
pub struct ReceivedBlock {
    checked: OnceLock<Checked>,
    policy: RecordPolicy,
    block: Block,
    /// How many bytes it was made of.
    came_bytes: usize,
    /// What its bytes must add up to when they are read again, where they were moved out of memory.
    moved: Option<u32>,
}

struct Checked {
    content: Content,
    counts: LineCounts,
}

/// Whole records, none longer than the limit but where [`RecordsOf`] leaves it out.
enum Content {
    Text(Utf8),
    Bytes(Bytes),
    /// Not what was moved.
    Damaged,
}

impl ReceivedBlock {
    pub(crate) fn new(block: Block, policy: RecordPolicy) -> Self {
        let came_bytes = block.bytes().len();
        ReceivedBlock { checked: OnceLock::new(), policy, block, came_bytes, moved: None }
    }

    /// A block of a slab of `pool`, which has just been read. Lines that operators could not have as they are are
    /// mended, cut or left out now, which is counted; what they are written to is reserved of the budget. So all
    /// that is kept of what was received is counted, and no reader makes a copy.
    pub(crate) fn just_read(
        block: Block,
        policy: RecordPolicy,
        pool: &SlabPool,
    ) -> (Self, LineCounts) {
        let Some((bytes, counts)) = policy.mended(block.bytes()) else {
            return (ReceivedBlock::new(block, policy), LineCounts::default());
        };
        let came_bytes = block.bytes().len();
        let mut reserved = pool.reservation();
        reserved.set(bytes.len() as u64);
        let block = ReceivedBlock::new(block.rewritten(bytes, reserved), policy);
        // Those that it has are counted where it is read.
        (ReceivedBlock { came_bytes, ..block }, LineCounts { records: 0, ..counts })
    }

    /// The same block, once its bytes have been moved to where `bytes` are read from. They are looked at when
    /// somebody needs them, and then held against `checksum`.
    pub(crate) fn moved_to(&self, bytes: Bytes, checksum: u32) -> Self {
        assert!(!self.is_moved(), "what is on disk is not moved there again, under a new checksum");
        let block = Block::read_again(bytes, self.block.origin());
        ReceivedBlock { moved: Some(checksum), ..ReceivedBlock::new(block, self.policy) }
    }

    /// Whether its bytes were moved out of memory.
    pub(crate) fn is_moved(&self) -> bool {
        self.moved.is_some()
    }

    /// How many bytes were received for it.
    pub(crate) fn came_bytes(&self) -> usize {
        self.came_bytes
    }

    /// The bytes of which it is made.
    pub(crate) fn raw_bytes(&self) -> usize {
        self.block.bytes().len()
    }

    /// What it is made of: what was received, and mended where its receiver has done that.
    pub(crate) fn raw(&self) -> &Bytes {
        self.block.bytes()
    }

    /// What its records are.
    pub(crate) fn form(&self) -> Form {
        self.policy.form
    }

    /// Where its first record lies in its input.
    pub(crate) fn origin(&self) -> Origin {
        self.block.origin()
    }

    /// Whether somebody has looked at its records.
    pub(crate) fn is_checked(&self) -> bool {
        self.checked.get().is_some()
    }

    /// The block in two, where it is longer than `most_bytes`, nobody has looked at it yet, and it was not moved.
    pub(crate) fn split(&self, most_bytes: usize) -> Option<(ReceivedBlock, ReceivedBlock)> {
        if self.is_checked() || self.is_moved() {
            return None;
        }
        let (first, rest) = self.block.split(most_bytes, self.policy.framing())?;
        Some((ReceivedBlock::new(first, self.policy), ReceivedBlock::new(rest, self.policy)))
    }

    /// The text of a source of text: whole lines, each ended by a newline.
    pub(crate) fn text(&self) -> &str {
        match &self.checked().content {
            Content::Text(text) => text.as_str(),
            Content::Bytes(_) => unreachable!("a stream of text reads a source of text"),
            Content::Damaged => self.fail(),
        }
    }

    /// Fails the task that reads it.
    fn fail(&self) -> ! {
        let Origin { connection, offset, .. } = self.origin();
        panic!(
            "a block of {} bytes that was kept on disk (connection {connection}, from byte {offset} on) is not what \
             was written there: its checksum is another one. Its records are lost to this process; with the log \
             (Conf::write_ahead_log) a start goes on from there",
            self.raw_bytes()
        );
    }

    /// What it is made of; nothing where that is damaged.
    pub(crate) fn whole(&self) -> Option<&Bytes> {
        match self.moved {
            Some(_) if matches!(self.checked().content, Content::Damaged) => None,
            _ => Some(self.raw()),
        }
    }

    /// The records, one by one, as bytes.
    pub(crate) fn records(&self) -> RecordsOf<'_> {
        let bytes = match &self.checked().content {
            Content::Text(text) => text.as_str().as_bytes(),
            Content::Bytes(bytes) => bytes,
            Content::Damaged => self.fail(),
        };
        self.policy.records_of(bytes)
    }

    /// What became of its records.
    pub(crate) fn counts(&self) -> LineCounts {
        self.checked().counts
    }

    fn checked(&self) -> &Checked {
        self.checked.get_or_init(|| {
            let bytes = self.block.bytes();
            match self.moved {
                Some(checksum) if crc32fast::hash(bytes) != checksum => {
                    Checked { content: Content::Damaged, counts: LineCounts::default() }
                }
                _ => self.policy.check(bytes),
            }
        })
    }
}

impl RecordPolicy {
    fn records_of<'t>(&self, bytes: &'t [u8]) -> RecordsOf<'t> {
        RecordsOf { bytes, framing: self.framing(), max_bytes: self.limit.max_bytes }
    }

    /// The lines of `bytes` as they are to be kept, where they are not that, and what became of them.
    fn mended(&self, bytes: &Bytes) -> Option<(Bytes, LineCounts)> {
        match self.form {
            Form::Text(invalid_utf8) => mended_text(bytes, self.limit, invalid_utf8),
            Form::Bytes(Framing::Lines) => mended_lines(bytes, self.limit),
            Form::Bytes(Framing::LengthPrefixed | Framing::Fixed(_)) => None,
        }
    }

    fn check(&self, bytes: &Bytes) -> Checked {
        let framing = match self.form {
            Form::Text(invalid_utf8) => {
                let (text, counts) = check_text(bytes, self.limit, invalid_utf8);
                return Checked { content: Content::Text(text), counts };
            }
            Form::Bytes(framing) => framing,
        };
        let (bytes, counts) = match framing {
            Framing::Lines => check_lines(bytes, self.limit),
            Framing::LengthPrefixed | Framing::Fixed(_) => {
                (bytes.clone(), self.records_of(bytes).counts())
            }
        };
        Checked { content: Content::Bytes(bytes), counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::LongLines;
    use crate::framing::Carry;

    const LIMIT: usize = 8;

    fn policy(framing: Framing, long_lines: LongLines) -> RecordPolicy {
        RecordPolicy {
            limit: RecordLimit { max_bytes: LIMIT, long_lines },
            form: Form::Bytes(framing),
        }
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
            every_pair_of_cuts_gives_the_same(
                &bytes,
                policy(Framing::Fixed(n), LongLines::default()),
            );
        }
    }

    #[test]
    fn records_with_their_length_in_front_are_the_same_wherever_the_bytes_are_cut() {
        let whole = b"\0\0\0\x03one\0\0\0\0\0\0\0\x0812345678\0\0\0\x09123456789\0\0\0\x01\n";
        for end in
            [&b""[..], b"\0", b"\0\0\0\x02", b"\0\0\0\x02x", b"\0\0\0\x18too long", b"\0\0\0\0"]
        {
            let bytes = [whole, end].concat();
            every_pair_of_cuts_gives_the_same(
                &bytes,
                policy(Framing::LengthPrefixed, LongLines::Cut),
            );
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
        let mut slab = pool.take().unwrap();
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
}
