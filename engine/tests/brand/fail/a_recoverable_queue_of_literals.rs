// A queue whose items a snapshot would have to make again holds literals.
//@ error: without a code

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        s.recoverable_queue_stream([vec!["a"]]).print();
        Ok(())
    })
}

fn main() {}
