// A queue of shared vectors is united with a stream that fills such vectors with records.
//@ error: without a code

use std::sync::{Arc, Mutex};

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let queued = s.queue_stream([vec![Arc::new(Mutex::new(vec!["a"]))]]);
        lines.map(|line| Arc::new(Mutex::new(vec![line]))).union(&queued).for_each_rdd(|_, _| {});
        Ok(())
    })
}

fn main() {}
