// An old state says of what type it is; the states are named, filtered and printed.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.map(|line| (line, 1u64));
        let totals = pairs.update_state_by_key(|new, old: Option<u64>| {
            Some(old.unwrap_or_default() + new.iter().sum::<u64>())
        });
        totals.named("totals").filter(|(_, total)| **total > 1).print();
        Ok(())
    })
}

fn main() {}
