//! A received block as operators read it: its records, checked and counted once.

mod policy;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use bytes::Bytes;

use crate::block::{Block, Origin};
use crate::framing::{Framing, RecordsOf};
use crate::progress::LineCounts;
use crate::slabs::SlabPool;
use crate::text::{Utf8, check_lines, check_text};

pub(crate) use policy::{Form, RecordPolicy};

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
        let block = match bytes.is_empty() {
            // Nobody would look for anything to move where there is nothing, so it must not keep its slab.
            true => Block::read_again(bytes, block.origin()),
            false => {
                let mut reserved = pool.reservation();
                reserved.set(bytes.len() as u64);
                block.rewritten(bytes, reserved)
            }
        };
        let block = ReceivedBlock::new(block, policy);
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

    /// What is reserved of the budget for what it was mended into.
    pub(crate) fn reserved_bytes(&self) -> u64 {
        self.block.reserved_bytes()
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
