// The first record is put into a OnceLock.
//@ error: without a code

use std::sync::OnceLock;

use millstream::{Result, Running, StreamingContext};

static FIRST: OnceLock<&'static str> = OnceLock::new();

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.map(|line| FIRST.get_or_init(|| line).len()).print();
        Ok(())
    })
}

fn main() {}
