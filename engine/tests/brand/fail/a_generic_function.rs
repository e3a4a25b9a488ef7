// A function over any type stands in for the closure of map.
//@ error: E0521

use millstream::{Result, Running, StreamingContext};

fn same<T>(value: T) -> T {
    value
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.map(same).print();
        Ok(())
    })
}

fn main() {}
