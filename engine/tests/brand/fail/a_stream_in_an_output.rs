// An output describes another output while the stream runs.
//@ error: E0521

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let same = lines.clone();
        lines.for_each_rdd(move |_, _| same.print());
        Ok(())
    })
}

fn main() {}
