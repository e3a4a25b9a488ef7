// The pipeline of a dataset, which could be run by hand, is taken out of it.
//@ error: E0616

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.for_each_rdd(|rdd, _| drop(rdd.pipe));
        Ok(())
    })
}

fn main() {}
