// An output keeps the states that a batch has lent it, which later batches change.
//@ error: without a code

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.map(|line| (line.len(), 1));
        let totals = pairs.update_state_by_key(|new, old: Option<u64>| {
            Some(old.unwrap_or_default() + new.iter().sum::<u64>())
        });
        let mut kept: Vec<&u64> = Vec::new();
        totals.map(|(_, total)| total).for_each_rdd(move |rdd, _| kept.extend(rdd.collect()));
        Ok(())
    })
}

fn main() {}
