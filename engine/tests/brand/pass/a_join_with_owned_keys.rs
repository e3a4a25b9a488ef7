// Lines are joined with owned keys by a copy of theirs.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let prices = s.queue_stream([vec![("apple".to_string(), 7)]]);
        lines.map(|line| (line.to_owned(), line)).left_outer_join(&prices).print();
        Ok(())
    })
}

fn main() {}
