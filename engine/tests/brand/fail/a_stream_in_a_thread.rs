// A stream is moved to a thread that outlives the setup.
//@ error: E0521

use std::thread::spawn;

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        spawn(move || lines.print());
        Ok(())
    })
}

fn main() {}
