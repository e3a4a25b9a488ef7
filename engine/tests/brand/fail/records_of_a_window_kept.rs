// An output keeps the records of a window.
//@ error: E0521

use millstream::{Result, Running, StreamingContext, Window, secs};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let mut kept = Vec::new();
        lines
            .window(Window::every_batch(secs(2)))
            .for_each_rdd(move |rdd, _| kept.push(rdd.collect()));
        Ok(())
    })
}

fn main() {}
