//! One budget: what states hold, received data does not have.

use millstream::StorageLevel;

use crate::rig::{MEMORY_BYTES, Rig, conf, number};

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
