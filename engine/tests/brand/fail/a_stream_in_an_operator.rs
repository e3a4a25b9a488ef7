// A task describes another output while the stream runs.
//@ error: E0521

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let same = lines.clone();
        lines.map(move |_| same.print()).print();
        Ok(())
    })
}

fn main() {}
