//! Kernels, for benchmarks that measure them alone. No part of the public interface.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use crate::block::Block;
use crate::conf::{InvalidUtf8, LongLines};
use crate::directory::{BLOCKS, Directory};
use crate::disk::RealDisk;
use crate::error::Result;
use crate::framing::{Carry, Framing, RecordLimit};
use crate::keyed::key::Key;
use crate::keyed::table::{Table, fix_seed, hash_of};
use crate::log::Log;
use crate::received::{Form, ReceivedBlock, RecordPolicy};
use crate::text::for_each_line;

const LIMIT: RecordLimit = RecordLimit { max_bytes: 1 << 20, long_lines: LongLines::Skip };

/// Cuts `reads` into whole records as a receiver does; gives the bytes of whole records.
pub fn frame<'r>(
    reads: impl Iterator<Item = &'r [u8]>,
    framing: Framing,
    buffer: &mut Vec<u8>,
) -> u64 {
    let mut carry = Carry::new(framing);
    let mut whole = 0;
    for read in reads {
        let gap = carry.gap();
        buffer.resize(gap + read.len(), 0);
        buffer[gap..].copy_from_slice(read);
        whole += carry.take(buffer, read.len(), LIMIT).records.len() as u64;
    }
    whole
}

/// Checks a block's text and visits its lines; gives how many there are.
pub fn lines(text: &Bytes) -> u64 {
    let policy = RecordPolicy { limit: LIMIT, form: Form::Text(InvalidUtf8::Replace) };
    let block = ReceivedBlock::new(Block::of_bytes(text.clone()), policy);
    let mut lines = 0;
    let end = for_each_line(block.text(), |_| {
        lines += 1;
        ControlFlow::Continue(())
    });
    debug_assert!(end.is_continue());
    lines
}

/// Checks a block's records and visits them; gives how many bytes they have.
pub fn records(bytes: &Bytes, framing: Framing) -> u64 {
    let policy = RecordPolicy { limit: LIMIT, form: Form::Bytes(framing) };
    let block = ReceivedBlock::new(Block::of_bytes(bytes.clone()), policy);
    block.records().map(|record| record.len() as u64).sum()
}

/// Visits the words of `text`; gives how many bytes they have.
pub fn words(text: &str) -> u64 {
    let mut bytes = 0;
    let end = crate::scan::words::for_each_word(text, |word| {
        bytes += word.len() as u64;
        ControlFlow::Continue(())
    });
    debug_assert!(end.is_continue());
    bytes
}

/// Numbers `keys` in a table that begins empty; gives how many are distinct.
pub fn number<'k, K: Key<'k>>(keys: impl Iterator<Item = K>) -> usize {
    let mut table: Table<K> = Table::default();
    for key in keys {
        table.find_or_insert(hash_of(&key), |known| *known == key, || key.clone());
    }
    table.len()
}

/// A log of what receivers have received, in a directory of the machine's disk.
pub struct BlockLog(Log);

impl BlockLog {
    /// Opens it, and reads what it holds; also answers how many bytes of payload that is.
    pub fn open(directory: &Path) -> Result<(Self, u64)> {
        let directory = Directory::open(Arc::new(RealDisk), directory, "benchmark")?;
        let mut bytes = 0;
        let (log, _) = Log::open(&Arc::new(directory), BLOCKS, 0, |frame| {
            bytes += frame.payload.len() as u64;
            Ok(())
        })?;
        Ok((BlockLog(log), bytes))
    }

    /// Appends a frame.
    pub fn append(&mut self, payload: &[u8]) -> Result<()> {
        self.0.append(1, &[payload]).map(drop)
    }

    /// Makes what was appended durable, and removes what is before it.
    pub fn sync_and_collect(&mut self) -> Result<()> {
        self.0.sync()?;
        self.0.collect(self.0.synced())
    }

    /// Makes what was appended durable.
    pub fn sync(&mut self) -> Result<()> {
        self.0.sync()
    }
}

/// Has the tables of this process hash as those of every other that asks for it, so that the
/// instructions of two runs can be held against each other.
///
/// # Panics
/// Once a table has hashed with a seed of its own.
pub fn fix_hash_seed() {
    assert!(fix_seed(), "the seed is fixed before anything is hashed");
}
