// An output keeps the dataset of a batch.
//@ error: E0277

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let mut kept = None;
        lines.for_each_rdd(move |rdd, _| kept = Some(rdd));
        Ok(())
    })
}

fn main() {}
