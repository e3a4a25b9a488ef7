// The pipeline of a stream is taken out of it.
//@ error: E0616

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let _ = lines.pipe;
        Ok(())
    })
}

fn main() {}
