// A test collector collects records that borrow from their batch.
//@ error: E0521

use millstream::{Result, Running, StreamingContext, testing::Collector};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        Collector::new().collect(&lines);
        Ok(())
    })
}

fn main() {}
