//! One budget: what states hold, received data does not have.

use millstream::{Queue, StorageLevel, Window};

use crate::rig::{BATCH, MEMORY_BYTES, Rig, conf, number};

#[test]
fn a_state_that_grows_leaves_less_to_received_data_and_gives_it_back() {
    let mut rig = Rig::start(conf(StorageLevel::MEMORY_ONLY), |s| {
        let counts = s.listen_text_stream(":0").map(|line| (number(line), 1u64));
        let totals = counts.update_state_by_key(|new: &[u64], old: Option<u64>| match new {
            [] => None,
            new => Some(new.iter().sum::<u64>() + old.unwrap_or(0)),
        });
        totals.count().for_each_rdd(|_, _| ());
        Ok(())
    });
    let limit = rig.batch().memory_limit_bytes;
    rig.feed(5_000);
    let grown = rig.batch();
    assert!(grown.held_bytes > 5_000 * 40, "{}", grown.held_bytes);
    let slab = limit / 6;
    let left = limit.saturating_sub(grown.held_bytes / slab * slab);
    assert_eq!(grown.memory_limit_bytes, left.max(2 * slab));
    rig.feed(40_000);
    rig.batch();
    assert_eq!(rig.ear.warnings("states, windows and shuffles hold").len(), 1);
    // A key without a value is gone, and its room after a while in which there are some keys.
    let mut last = rig.batch();
    for _ in 0..60 {
        rig.feed(2);
        last = rig.batch();
    }
    assert_eq!(last.memory_limit_bytes, limit, "{} of {MEMORY_BYTES}", last.held_bytes);
    rig.stop();
}

#[test]
fn a_list_that_a_raw_window_keeps_leaves_less_to_received_data_until_the_window_has_moved_on() {
    const ITEMS: u64 = 400_000;
    let queue = Queue::from([vec![0u64; ITEMS as usize]]);
    let rig = Rig::start(conf(StorageLevel::MEMORY_ONLY), move |s| {
        s.queue_stream(&queue)
            .window(Window::every_batch(BATCH + BATCH))
            .count()
            .for_each_rdd(|_, _| ());
        Ok(())
    });
    let [first, second, third] = std::array::from_fn(|_| rig.batch());
    let slab = first.memory_limit_bytes / 6;
    let held = [&first, &second, &third].map(|report| report.held_bytes / (8 * ITEMS));
    assert_eq!(held, [0, 1, 0], "what the batches before have left to each");
    let left = [&first, &second, &third].map(|report| report.memory_limit_bytes / slab);
    assert_eq!(left, [6, 6 - second.held_bytes / slab, 6]);
    rig.stop();
}
