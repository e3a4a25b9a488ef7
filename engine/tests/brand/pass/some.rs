// A closure around the constructor of a generic enum.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.map(|line| Some(line)).print();
        Ok(())
    })
}

fn main() {}
