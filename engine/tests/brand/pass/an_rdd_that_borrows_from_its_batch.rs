// Operators on a dataset borrow from the records of the batch.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.for_each_rdd(|rdd, _| {
            let first = rdd.take(1);
            let same = rdd.filter(move |line| first.contains(line));
            same.boxed().count();
        });
        Ok(())
    })
}

fn main() {}
