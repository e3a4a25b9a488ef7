//! Records computed once and shared by their readers, encoded, or on disk, or both.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::edge::{Compute, Edge, Partitions};
use crate::batch::Batch;
use crate::durable::{Durable, append_bytes, read_first};
use crate::held::bytes_of;
use crate::pipe::sealed::Sealed;
use crate::pipe::{Pipe, Replay, Trace, push_all};
use crate::spill::Overflow;
use crate::storage::StorageLevel;
use crate::time::Time;

/// Encoded records are kept in pieces of about this size.
const CHUNK_BYTES: usize = 1 << 20;

/// The stage of `persist_at`.
pub(crate) struct PersistAt<P> {
    pipe: P,
    level: StorageLevel,
    overflow: Option<Overflow>,
    /// What is in memory of the batch that runs.
    held_bytes: AtomicU64,
}

/// Some records in a row.
#[doc(hidden)]
pub enum Chunk<T> {
    /// As they are.
    Records(Arc<Vec<T>>),
    /// One behind the other, so many.
    Encoded {
        /// Where they lie.
        bytes: Bytes,
        /// How many.
        records: u64,
        /// What the bytes add up to, where they are on disk.
        checksum: Option<u32>,
    },
}

impl<T> Clone for Chunk<T> {
    fn clone(&self) -> Self {
        match self {
            Chunk::Records(records) => Chunk::Records(records.clone()),
            Chunk::Encoded { bytes, records, checksum } => {
                Chunk::Encoded { bytes: bytes.clone(), records: *records, checksum: *checksum }
            }
        }
    }
}

impl<P> PersistAt<P> {
    pub(crate) fn new(pipe: P, level: StorageLevel, overflow: Option<Overflow>) -> Self {
        PersistAt { pipe, level, overflow, held_bytes: AtomicU64::new(0) }
    }

    /// Where the next records go, if that is the disk.
    fn goes_to_disk(&self) -> Option<&Overflow> {
        let overflow = self.overflow.as_ref().filter(|_| self.level.uses_disk())?;
        (!self.level.uses_memory() || overflow.is_wanted()).then_some(overflow)
    }

    fn chunks<'b, T>(&self, plan: &P::Plan, partition: usize, encode: bool) -> Vec<Chunk<T>>
    where
        T: Durable,
        P: Pipe<'b, Item = T>,
    {
        let mut chunks = Vec::new();
        if !encode {
            let mut records = Vec::new();
            push_all(&self.pipe, plan, partition, |record| records.push(record));
            if !records.is_empty() {
                chunks.push(Chunk::Records(Arc::new(records)));
            }
            return chunks;
        }
        let (mut bytes, mut records) = (Vec::with_capacity(CHUNK_BYTES), 0);
        let mut close = |bytes: &mut Vec<u8>, records: &mut u64| {
            if *records > 0 {
                // What it takes is what is counted.
                bytes.shrink_to_fit();
                let (bytes, records) = (std::mem::take(bytes).into(), std::mem::take(records));
                chunks.push(Chunk::Encoded { bytes, records, checksum: None });
            }
        };
        push_all(&self.pipe, plan, partition, |record| {
            if let Err(reason) = append_bytes(&mut bytes, &record) {
                // Fails the task, as a panic of the user's own code in there would.
                panic!("a record cannot be encoded to be persisted: {reason}");
            }
            records += 1;
            if bytes.len() >= CHUNK_BYTES {
                close(&mut bytes, &mut records);
            }
        });
        close(&mut bytes, &mut records);
        chunks
    }

    /// The chunk where it stays; on disk, if that takes it.
    fn placed<T>(&self, chunk: Chunk<T>, disk: Option<&Overflow>) -> Chunk<T> {
        let in_memory = match &chunk {
            Chunk::Records(records) => bytes_of(records),
            Chunk::Encoded { bytes, records, .. } => {
                if let Some(there) = disk.and_then(|disk| disk.put(bytes)) {
                    let checksum = Some(crc32fast::hash(bytes));
                    return Chunk::Encoded { bytes: there, records: *records, checksum };
                }
                bytes.len() as u64
            }
        };
        self.held_bytes.fetch_add(in_memory, Ordering::Relaxed);
        chunk
    }
}

impl<'b, T: Durable, P: Pipe<'b, Item = T>> Compute<'b, Chunk<T>> for PersistAt<P> {
    fn compute(&self, batch: &Batch<'b>) -> Partitions<Chunk<T>> {
        let plan = self.pipe.prepare(batch);
        let partitions = self.pipe.partitions(&plan);
        // What goes to disk does so between rounds of tasks, on this thread, so that no more than a round's is in
        // memory.
        let round = match self.level.uses_disk() {
            true => batch.parallelism(),
            false => partitions,
        };
        let mut placed = Vec::with_capacity(partitions);
        for first in (0..partitions).step_by(round.max(1)) {
            let disk = self.goes_to_disk();
            let encode = self.level.is_serialized() || disk.is_some();
            let tasks = round.min(partitions - first);
            let is_worth_it = |i| self.pipe.known_records(&plan, first + i) != Some(0);
            let made = batch.run_stage_where("persist", tasks, is_worth_it, |i| {
                self.chunks(&plan, first + i, encode)
            });
            placed.extend(made.into_iter().map(|chunks: Vec<Chunk<T>>| {
                chunks.into_iter().map(|chunk| self.placed(chunk, disk)).collect()
            }));
        }
        placed
    }

    fn end_batch(&self, _time: Time) {
        self.held_bytes.store(0, Ordering::Relaxed);
    }

    fn held_bytes(&self) -> u64 {
        self.held_bytes.load(Ordering::Relaxed)
    }
}

/// The records behind [`DStream::persist_at`](crate::DStream::persist_at). Named by its item alone: what is upstream
/// is erased.
pub struct Persisted<'b, T>(pub(crate) Edge<'b, Chunk<T>>);

impl<T> Clone for Persisted<'_, T> {
    fn clone(&self) -> Self {
        Persisted(self.0.clone())
    }
}

impl<T> Sealed for Persisted<'_, T> {}

impl<'b, T: Durable> Pipe<'b> for Persisted<'b, T> {
    type Item = T;
    type Plan = Arc<Partitions<Chunk<T>>>;

    fn prepare(&self, batch: &Batch<'b>) -> Self::Plan {
        self.0.prepare(batch)
    }

    fn partitions(&self, plan: &Self::Plan) -> usize {
        plan.len()
    }

    fn known_records(&self, plan: &Self::Plan, partition: usize) -> Option<usize> {
        Some(self.count(plan, partition) as usize)
    }

    fn run<S>(&self, plan: &Self::Plan, partition: usize, mut sink: S) -> ControlFlow<()>
    where
        S: FnMut(T) -> ControlFlow<()>,
    {
        plan[partition].iter().try_for_each(|chunk| match chunk {
            Chunk::Records(records) => records.iter().cloned().try_for_each(&mut sink),
            Chunk::Encoded { bytes, records, checksum } => {
                if checksum.is_some_and(|checksum| checksum != crc32fast::hash(bytes)) {
                    // Fails the task, and so its batch: there is nobody else to tell.
                    panic!(
                        "{records} records that were persisted on disk are not what was written there: \
                         the checksum of their {} bytes is another one",
                        bytes.len()
                    );
                }
                let mut rest = &bytes[..];
                (0..*records).try_for_each(|_| match read_first(&mut rest) {
                    Ok(record) => sink(record),
                    Err(reason) => panic!("a persisted record cannot be decoded: {reason}"),
                })
            }
        })
    }

    fn count(&self, plan: &Self::Plan, partition: usize) -> u64 {
        let records = plan[partition].iter().map(|chunk| match chunk {
            Chunk::Records(records) => records.len() as u64,
            Chunk::Encoded { records, .. } => *records,
        });
        records.sum()
    }

    fn trace(&self) -> Trace {
        self.0.trace()
    }
}

impl<'b, T: Durable> Replay<'b> for Persisted<'b, T> {}
