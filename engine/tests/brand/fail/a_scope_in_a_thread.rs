// The scope of a setup is used by a thread that outlives the setup.
//@ error: E0521

use std::thread::spawn;

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        spawn(|| s.socket_text_stream("localhost:7777").print());
        Ok(())
    })
}

fn main() {}
