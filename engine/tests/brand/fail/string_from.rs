// A generic function, String::from, stands in for the closure of map.
//@ error: E0521

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.map(String::from).print();
        Ok(())
    })
}

fn main() {}
