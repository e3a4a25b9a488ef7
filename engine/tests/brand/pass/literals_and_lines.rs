// A queue of literals is united with lines by a map that gives both the same lifetime.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let words = s.queue_stream([vec!["a"]]).map(|word| word);
        lines.map(|line| line).union(&words).print();
        Ok(())
    })
}

fn main() {}
