// A record is sent through a channel whose other end lives longer than the batch.
//@ error: E0521

use std::sync::mpsc::channel;

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let (send, _receive) = channel();
        lines.map(move |line| send.send(line).unwrap()).print();
        Ok(())
    })
}

fn main() {}
