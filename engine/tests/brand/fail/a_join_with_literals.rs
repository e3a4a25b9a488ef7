// Lines are joined with literals, which live for ever and would make the lines do so too.
//@ error: E0521

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let prices = s.queue_stream([vec![("apple", 7)]]);
        lines.map(|line| (line, 1)).join(&prices).print();
        Ok(())
    })
}

fn main() {}
