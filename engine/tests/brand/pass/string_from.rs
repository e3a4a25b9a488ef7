// A closure around String::from, and str::to_owned without one.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.map(|line| String::from(line)).print();
        lines.map(str::to_owned).print();
        lines.map(ToString::to_string).print();
        Ok(())
    })
}

fn main() {}
