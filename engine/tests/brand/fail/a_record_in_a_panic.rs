// A record is the payload of a panic, which is caught outside of the batch.
//@ error: E0521

use std::panic::panic_any;

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.map(|line| -> usize { panic_any(line) }).print();
        Ok(())
    })
}

fn main() {}
