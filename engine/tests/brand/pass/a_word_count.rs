// Words are counted, with no type named anywhere.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.words().map(|word| (word, 1u64)).reduce_by_key(|a, b| a + b).print();
        lines.flat_map(|line| line.split(' ')).count_by_value().print();
        lines.reduce(|a, b| a.max(b)).print();
        lines.count().print();
        Ok(())
    })
}

fn main() {}
