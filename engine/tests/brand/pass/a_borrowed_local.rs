// An operator takes a local of the setup with it.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let least = vec![1];
        lines.filter(move |line| line.len() > least.len()).print();
        Ok(())
    })
}

fn main() {}
