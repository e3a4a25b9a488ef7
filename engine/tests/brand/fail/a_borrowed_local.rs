// An operator borrows a local of the setup.
//@ error: E0373

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let least = vec![1];
        lines.filter(|line| line.len() > least.len()).print();
        Ok(())
    })
}

fn main() {}
