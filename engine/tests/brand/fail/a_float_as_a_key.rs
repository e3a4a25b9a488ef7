// A floating-point number is a key.
//@ error: E0599

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.map(|line| (line.len() as f64, 1)).reduce_by_key(|a, b| a + b).print();
        Ok(())
    })
}

fn main() {}
