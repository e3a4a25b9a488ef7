// The closure of an action runs an action on the same dataset.
//@ error: E0277

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.for_each_rdd(|rdd, _| rdd.for_each_partition(|_, _| drop(rdd.count())));
        Ok(())
    })
}

fn main() {}
