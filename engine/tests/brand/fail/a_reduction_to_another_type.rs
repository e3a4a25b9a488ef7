// The function of a reduction returns another type than it takes.
//@ error: E0308

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.map(|line| (line, 1u64)).reduce_by_key(|a, b| format!("{a}{b}")).print();
        Ok(())
    })
}

fn main() {}
