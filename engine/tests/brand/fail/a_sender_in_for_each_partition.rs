// The closure of for_each_partition sends the records to a channel that outlives the batch.
//@ error: E0521

use std::sync::mpsc::channel;

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let (send, _receive) = channel();
        lines.for_each_rdd(move |rdd, _| {
            rdd.for_each_partition(|_, records| send.send(records).unwrap())
        });
        Ok(())
    })
}

fn main() {}
