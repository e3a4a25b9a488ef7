//! The word count over blocks of text that are in memory, on as many threads as there are counters.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::receive::Kernel;
use super::word_count::Counter;

/// Counts the words of all blocks, and gives how many different ones there are and how many in all.
/// The counters keep their memory from one time to the next. Each block ends with a line.
///
/// Whoever is done with a block takes the next: threads that share a core are not as fast as each
/// other.
pub fn count_words(blocks: &[String], counters: &mut [Counter]) -> (u64, u64) {
    counters.iter_mut().for_each(Kernel::clear);
    let next = AtomicUsize::new(0);
    let count = |counter: &mut Counter| {
        while let Some(block) = blocks.get(next.fetch_add(1, Ordering::Relaxed)) {
            counter.feed(block.as_bytes());
        }
    };
    let Some((merged, others)) = counters.split_first_mut() else { return (0, 0) };
    thread::scope(|scope| {
        for other in &mut *others {
            scope.spawn(|| count(other));
        }
        count(merged);
    });
    others.iter().for_each(|other| merged.absorb(other));
    (merged.distinct(), merged.total())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_threads_finds_the_same_again_and_again() {
        let blocks: Vec<String> = (0..50).map(|n| format!("a b{n} c\n").repeat(n)).collect();
        let expected = count_words(&blocks, &mut [Counter::default()]);
        assert_eq!(expected, (51, 3 * (0..50).sum::<u64>()));
        for threads in 1..4 {
            let mut counters: Vec<Counter> = (0..threads).map(|_| Counter::default()).collect();
            for _ in 0..2 {
                assert_eq!(count_words(&blocks, &mut counters), expected, "{threads} threads");
            }
        }
        assert_eq!(count_words(&blocks, &mut []), (0, 0));
    }
}
