// The records of a batch are pushed into a queue, to be the input of the next one.
//@ error: E0521

use millstream::{Queue, Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let queue = Queue::new();
        lines.for_each_rdd(move |rdd, _| queue.push(rdd.collect()));
        Ok(())
    })
}

fn main() {}
