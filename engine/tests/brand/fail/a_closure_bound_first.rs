// A closure that returns a part of its record is bound to a variable first.
//@ error: without a code

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let trim = |line: &str| line.trim();
        lines.map(trim).print();
        Ok(())
    })
}

fn main() {}
