// A pair of an owned key and a borrowed one is a key, and a value may borrow.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.map(|line| ((line.len(), line), line)).reduce_by_key(|a, b| a.max(b)).print();
        Ok(())
    })
}

fn main() {}
