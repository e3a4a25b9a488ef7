// Records that are no pairs are reduced by key.
//@ error: E0599

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.reduce_by_key(|a, _| a).print();
        Ok(())
    })
}

fn main() {}
