// A closure around a function over any type.

use millstream::{Result, Running, StreamingContext};

fn same<T>(value: T) -> T {
    value
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.map(|line| same(line)).print();
        Ok(())
    })
}

fn main() {}
