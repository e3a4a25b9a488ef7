// A setup borrows the sender of a channel that lives around the context.
//@ error: E0597

use std::sync::mpsc::channel;

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    let (send, _receive) = channel();
    let send = &send;
    ssc.start(move |s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.for_each_rdd(move |rdd, _| send.send(rdd.collect()).unwrap());
        Ok(())
    })
}

fn main() {}
