// The old state is used before anything says of what type it is.
//@ error: E0283

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.map(|line| (line, 1u64));
        let totals = pairs.update_state_by_key(|new, old| {
            Some(old.unwrap_or_default() + new.iter().sum::<u64>())
        });
        totals.filter(|(_, total)| **total > 1).print();
        Ok(())
    })
}

fn main() {}
