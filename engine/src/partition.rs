//! How a batch's input is divided among tasks, and a key among partitions.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::keyed::key::Key;
use crate::keyed::packed::Packed;
use crate::received::ReceivedBlock;

/// Tasks for each thread, so that one that takes longer leaves the others something to do.
const TASKS_PER_THREAD: usize = 4;

/// Less than this is not worth a task of its own.
const LEAST_TASK_BYTES: usize = 64 << 10;

/// More partitions than this are a slip of the pen: each costs memory and a task in every batch.
pub(crate) const MOST_PARTITIONS: usize = 1 << 16;

/// Refuses a number of partitions that nothing could be divided among.
pub(crate) fn check_partitions(operation: &'static str, partitions: usize) -> Result {
    match partitions {
        1..=MOST_PARTITIONS => Ok(()),
        _ => Err(Error::Argument {
            operation,
            what: "the number of partitions",
            got: partitions.to_string(),
            want: "1 to 65536; more than a few for each core gain nothing",
        }),
    }
}

/// How many bytes a task should have.
fn task_bytes(total_bytes: usize, parallelism: usize) -> usize {
    match parallelism {
        1 => usize::MAX,
        _ => total_bytes.div_ceil(parallelism * TASKS_PER_THREAD).max(LEAST_TASK_BYTES),
    }
}

/// Joins neighbouring blocks until a partition has its share of the bytes. Order is kept.
pub(crate) fn group<T>(
    blocks: Vec<T>,
    bytes_of: impl Fn(&T) -> usize,
    parallelism: usize,
) -> Vec<Vec<T>> {
    let share = task_bytes(blocks.iter().map(&bytes_of).sum(), parallelism);
    let mut partitions: Vec<Vec<T>> = Vec::new();
    let mut room = 0;
    for block in blocks {
        let bytes = bytes_of(&block);
        match partitions.last_mut() {
            Some(partition) if bytes <= room => partition.push(block),
            _ => {
                room = share;
                partitions.push(vec![block]);
            }
        }
        room = room.saturating_sub(bytes);
    }
    partitions
}

/// Splits blocks that are more than a task's share, between records, so that few large blocks still
/// use every thread.
pub(crate) fn split_large<T: Copy>(
    blocks: Vec<(Arc<ReceivedBlock>, T)>,
    parallelism: usize,
) -> Vec<(Arc<ReceivedBlock>, T)> {
    let share = task_bytes(blocks.iter().map(|(block, _)| block.raw_bytes()).sum(), parallelism);
    let mut split = Vec::with_capacity(blocks.len());
    for (block, of_it) in blocks {
        let mut rest = block;
        while let Some((first, others)) = rest.split(share) {
            split.push((Arc::new(first), of_it));
            rest = Arc::new(others);
        }
        split.push((rest, of_it));
    }
    split
}

/// The partition of a key: the same on every machine and in every run, so that a key is found where
/// it was put.
pub(crate) fn partition_of<'b>(key: &impl Key<'b>, partitions: usize) -> usize {
    match partitions {
        1 => 0,
        _ => partition_of_packed(key.pack(), || portable_hash(key), partitions),
    }
}

/// The same for a key that is packed; `hash` is the [`portable_hash`] of one that does not fit.
#[inline]
pub(crate) fn partition_of_packed(
    key: Packed,
    hash: impl FnOnce() -> u64,
    partitions: usize,
) -> usize {
    let hash = if key.is_exact() { key.portable_hash() } else { hash() };
    // The high bits of a product are a fair share of the range without a division.
    ((u128::from(hash) * partitions as u128) >> 64) as usize
}

/// A hash of a key of any type that is the same on every machine and in every run.
pub(crate) fn portable_hash(key: &impl Hash) -> u64 {
    let mut hasher = PortableHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// FNV-1a with a finish that spreads its bits, over bytes that do not depend on the machine's word.
struct PortableHasher(u64);

impl PortableHasher {
    fn new() -> Self {
        PortableHasher(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for PortableHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn write_u16(&mut self, n: u16) {
        self.write(&n.to_le_bytes());
    }

    fn write_u32(&mut self, n: u32) {
        self.write(&n.to_le_bytes());
    }

    fn write_u64(&mut self, n: u64) {
        self.write(&n.to_le_bytes());
    }

    fn write_u128(&mut self, n: u128) {
        self.write(&n.to_le_bytes());
    }

    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }

    fn finish(&self) -> u64 {
        let spread = (self.0 ^ self.0 >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        spread ^ spread >> 29
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_joined_in_order_to_a_fair_share() {
        let sizes = vec![100 << 10; 16];
        let partitions = group(sizes, |&n| n, 2);
        assert_eq!(partitions.iter().map(Vec::len).collect::<Vec<_>>(), [2; 8]);
        assert_eq!(group(vec![1usize; 10_000], |&n| n, 2).len(), 1, "small blocks are one task");
        assert_eq!(group(vec![1 << 20; 5], |&n| n, 1).len(), 1, "one thread needs one task");
        assert!(group(Vec::<usize>::new(), |&n| n, 2).is_empty());
    }

    #[test]
    fn a_keys_partition_is_the_same_for_ever() {
        // Written down, so that a change of the hash shows: it would lose every key of an old
        // checkpoint.
        let partitions: Vec<_> =
            ["", "a", "error", "millstream"].iter().map(|key| partition_of(key, 1000)).collect();
        assert_eq!(partitions, [839, 208, 295, 953]);
        assert_eq!(partition_of(&"anything", 1), 0);
    }

    #[test]
    fn a_key_that_is_too_long_has_a_partition_too() {
        let long = "a key of more than sixteen bytes";
        assert_eq!([1, 1000].map(|n| partition_of(&long, n)), [0, 37]);
        assert_eq!(partition_of(&long, 1000), partition_of(&long.to_string(), 1000));
    }

    #[test]
    fn keys_spread_evenly() {
        let mut counts = [0u32; 8];
        for n in 0..80_000u64 {
            counts[partition_of(&n, 8)] += 1;
        }
        assert!(counts.iter().all(|&n| (9_000..11_000).contains(&n)), "{counts:?}");
    }
}
