// A window would keep lists of records.
//@ error: without a code

use millstream::{Result, Running, StreamingContext, Window, secs};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.map(|line| (line.len(), line));
        pairs.group_by_key_and_window(Window::every_batch(secs(2))).count().print();
        Ok(())
    })
}

fn main() {}
