// A map that does nothing gives literals the lifetime of the lines that they are joined with.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let prices = s.queue_stream([vec![("apple", 7)]]).map(|(fruit, price)| (fruit, price));
        lines.map(|line| (line, 1)).join(&prices).print();
        Ok(())
    })
}

fn main() {}
