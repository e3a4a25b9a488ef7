// An output keeps the records that it has collected.
//@ error: E0521

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let mut kept = Vec::new();
        lines.for_each_rdd(move |rdd, _| kept = rdd.collect());
        Ok(())
    })
}

fn main() {}
