// A window would keep one record of each batch.
//@ error: without a code

use millstream::{Result, Running, StreamingContext, Window, secs};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.reduce_by_window(|a, b| a.max(b), Window::every_batch(secs(2))).print();
        Ok(())
    })
}

fn main() {}
