// Columns borrow from their lines, are keys, and are joined.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.fields('\t').parse::<(&str, &str)>();
        let counts = pairs.map_values(|_| 1u64).reduce_by_key(|a, b| a + b);
        pairs.join(&counts).print();
        lines.fields(' ').field(1).filter(|column| column.len() > 1).print();
        Ok(())
    })
}

fn main() {}
