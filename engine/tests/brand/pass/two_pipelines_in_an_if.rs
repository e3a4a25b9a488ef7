// The branches of an if are different pipelines, boxed.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    let long = true;
    ssc.start(move |s| {
        let lines = s.socket_text_stream("localhost:7777");
        let lines = if long { lines.filter(|line| line.len() > 80).boxed() } else { lines.boxed() };
        lines.print();
        Ok(())
    })
}

fn main() {}
