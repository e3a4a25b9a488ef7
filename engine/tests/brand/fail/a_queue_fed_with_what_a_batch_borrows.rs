// A stream reads a queue that an output fills with the records of a batch.
//@ error: E0521

use millstream::{Queue, Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let queue = Queue::new();
        s.queue_stream(&queue).print();
        lines.for_each_rdd(move |rdd, _| queue.push(rdd.collect()));
        Ok(())
    })
}

fn main() {}
