// A stream is kept when the setup is over.
//@ error: E0521

use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    let kept = Mutex::new(None);
    ssc.start(move |s| {
        *kept.lock().unwrap() = Some(s.socket_text_stream("localhost:7777"));
        Ok(())
    })
}

fn main() {}
