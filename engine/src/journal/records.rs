//! What is written down of parcels and batches: the payloads of the frames of both logs.
//!
//! A parcel is its head, MessagePack behind its length in four bytes, and then the bytes of its blocks, one
//! after the other, as they are kept in memory. What is written of a batch is MessagePack.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::block::{Block, Origin, SourceId};
use crate::durable::{from_bytes, to_bytes};
use crate::intake::{Parcel, Reached};
use crate::progress::LineCounts;
use crate::received::{Form, ReceivedBlock, RecordPolicy};
use crate::time::Time;

/// What comes before the bytes of a parcel's blocks.
#[derive(Serialize, Deserialize)]
struct Head {
    source: SourceId,
    /// The source's name, which must be the same where it is read again.
    name: Arc<str>,
    /// What became of records before they reached a block.
    framing: LineCounts,
    /// How far it brings the senders who want to know.
    #[serde(default, skip_serializing_if = "Reached::is_empty")]
    reached: Reached,
    blocks: Vec<BlockHead>,
}

#[derive(Serialize, Deserialize)]
struct BlockHead {
    form: Form,
    connection: u64,
    offset: u64,
    bytes: usize,
}

/// A parcel as the parts of a frame.
pub(super) struct ParcelRecord<'p> {
    /// The length of the head.
    length: [u8; 4],
    head: Vec<u8>,
    blocks: &'p [Arc<ReceivedBlock>],
}

impl<'p> ParcelRecord<'p> {
    /// Of a parcel of the source called `name`.
    pub(super) fn of(name: &Arc<str>, parcel: &Parcel, blocks: &'p [Arc<ReceivedBlock>]) -> Self {
        let heads = blocks.iter().map(|block| {
            let Origin { connection, offset, .. } = block.origin();
            BlockHead { form: block.form(), connection, offset, bytes: block.raw_bytes() }
        });
        let head = Head {
            source: parcel.source(),
            name: name.clone(),
            framing: parcel.framing(),
            reached: parcel.reached().clone(),
            blocks: heads.collect(),
        };
        let head = to_bytes(&head).expect("numbers and a name can be written down");
        let length = u32::try_from(head.len()).expect("a slab has less than 2^27 blocks");
        ParcelRecord { length: length.to_le_bytes(), head, blocks }
    }

    pub(super) fn parts(&self) -> Vec<&[u8]> {
        let blocks = self.blocks.iter().map(|block| &block.raw()[..]);
        [&self.length[..], &self.head].into_iter().chain(blocks).collect()
    }
}

/// A parcel that has been read again.
#[derive(Clone)]
pub(crate) struct LoggedParcel {
    pub(crate) frame: u64,
    pub(crate) source: SourceId,
    pub(crate) name: Arc<str>,
    pub(crate) framing: LineCounts,
    pub(super) reached: Reached,
    pub(crate) blocks: Vec<LoggedBlock>,
}

#[derive(Clone)]
pub(crate) struct LoggedBlock {
    form: Form,
    origin: Origin,
    bytes: Bytes,
}

impl LoggedParcel {
    /// What [`ParcelRecord`] has written. `Err` says what is wrong with it.
    pub(super) fn read(frame: u64, payload: &Bytes) -> Result<Self, String> {
        let too_short = || format!("a parcel of {} bytes is shorter than it says", payload.len());
        let length = payload.first_chunk().ok_or_else(too_short)?;
        let head_end = 4 + u32::from_le_bytes(*length) as usize;
        let head: Head = from_bytes(payload.get(4..head_end).ok_or_else(too_short)?)?;
        let mut rest = payload.slice(head_end..);
        let mut blocks = Vec::with_capacity(head.blocks.len().min(rest.len()));
        for BlockHead { form, connection, offset, bytes } in head.blocks {
            if bytes > rest.len() {
                return Err(too_short());
            }
            let origin = Origin { source: head.source, connection, offset };
            blocks.push(LoggedBlock { form, origin, bytes: rest.split_to(bytes) });
        }
        if !rest.is_empty() {
            return Err(format!("a parcel has {} bytes more than it says", rest.len()));
        }
        let Head { source, name, framing, reached, .. } = head;
        Ok(LoggedParcel { frame, source, name, framing, reached, blocks })
    }

    /// The parcel as a batch takes it, with records as `policy` has them.
    pub(crate) fn parcel(self, policy: RecordPolicy) -> Parcel {
        let blocks = self.blocks.into_iter().map(|LoggedBlock { form, origin, bytes }| {
            let origin = Origin { source: self.source, ..origin };
            let policy = RecordPolicy { form, ..policy };
            Arc::new(ReceivedBlock::new(Block::read_again(bytes, origin), policy))
        });
        Parcel::new(self.source, blocks.collect(), self.framing)
    }
}

/// What the log of batches has of a batch before it runs: all that it is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Assigned {
    pub(crate) time: Time,
    /// The frames of the parcels' log that it has, as ranges without their ends, least first.
    pub(crate) frames: Vec<(u64, u64)>,
    /// What sources that are asked have given.
    pub(crate) polled: Vec<Noted>,
}

/// What a source has given to a batch, as it has noted it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Noted {
    pub(crate) source: SourceId,
    /// The source's name, which must be the same where it is read again.
    pub(crate) name: Arc<str>,
    pub(crate) note: Bytes,
}

/// A frame of the log of batches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum BatchRecord {
    Assigned(Assigned),
    /// Its outputs are done.
    Done(Time),
}

impl BatchRecord {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        to_bytes(self).expect("times, numbers and bytes can be written down")
    }

    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        from_bytes(bytes)
    }
}

/// The numbers as ranges without their ends, least first.
pub(crate) fn ranges(mut numbers: Vec<u64>) -> Vec<(u64, u64)> {
    numbers.sort_unstable();
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, end)) if *end == number => *end += 1,
            _ => ranges.push((number, number + 1)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::{InvalidUtf8, LongLines};
    use crate::framing::RecordLimit;

    fn policy() -> RecordPolicy {
        let limit = RecordLimit { max_bytes: 100, long_lines: LongLines::Skip };
        RecordPolicy { limit, form: Form::Text(InvalidUtf8::Replace) }
    }

    fn written() -> Bytes {
        let block = |text: &'static str, connection| {
            let origin = Origin { source: 3, connection, offset: 17 };
            let block = Block::read_again(Bytes::from_static(text.as_bytes()), origin);
            Arc::new(ReceivedBlock::new(block, policy()))
        };
        let framing = LineCounts { rejected: 2, ..LineCounts::default() };
        let parcel =
            Parcel::new(3, vec![block("a\nb\n", 1), block("", 2), block("c\n", 5)], framing);
        ParcelRecord::of(&"socket".into(), &parcel, &parcel.blocks()).parts().concat().into()
    }

    #[test]
    fn a_parcel_comes_back() {
        let read = LoggedParcel::read(9, &written()).unwrap();
        assert_eq!(
            (read.frame, read.source, &*read.name, read.framing.rejected),
            (9, 3, "socket", 2)
        );
        let parcel = read.parcel(policy());
        let blocks = parcel.blocks();
        let found: Vec<_> = blocks.iter().map(|b| (b.origin().connection, b.text())).collect();
        assert_eq!(found, [(1, "a\nb\n"), (2, ""), (5, "c\n")]);
        assert_eq!(blocks[2].origin().offset, 17);
    }

    #[test]
    fn a_parcel_of_another_length_is_none() {
        let whole = written();
        for length in 0..whole.len() {
            assert!(LoggedParcel::read(0, &whole.slice(..length)).is_err(), "{length}");
        }
        let more = [&whole[..], b"!"].concat().into();
        assert!(LoggedParcel::read(0, &more).err().unwrap().contains("1 bytes more"));
    }

    #[test]
    fn what_is_written_of_a_batch_comes_back() {
        let assigned = Assigned {
            time: Time::from_millis(-5),
            frames: vec![(1, 4), (9, 10)],
            polled: vec![Noted {
                source: 2,
                name: "queue".into(),
                note: Bytes::from_static(b"\x00\xff"),
            }],
        };
        for record in [BatchRecord::Assigned(assigned), BatchRecord::Done(Time::from_millis(7))] {
            assert_eq!(BatchRecord::read(&record.to_bytes()), Ok(record));
        }
    }

    #[test]
    fn numbers_in_a_row_are_one_range() {
        assert_eq!(ranges(vec![4, 1, 2, 9, 3]), [(1, 5), (9, 10)]);
        assert_eq!(ranges(vec![]), []);
    }
}
