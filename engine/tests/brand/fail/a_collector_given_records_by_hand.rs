// Records that borrow from their batch are pushed into a test collector.
//@ error: E0521

use millstream::{Result, Running, StreamingContext, testing::Collector};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let kept = Collector::new();
        lines.for_each_rdd(move |rdd, time| kept.push(time, rdd.collect()));
        Ok(())
    })
}

fn main() {}
