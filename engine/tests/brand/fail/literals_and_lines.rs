// A queue of literals, which live for ever, is united with lines, which do not.
//@ error: E0521

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.union(&s.queue_stream([vec!["a"]])).print();
        Ok(())
    })
}

fn main() {}
