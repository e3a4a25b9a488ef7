// The filter of a window keeps the keys that it looks at.
//@ error: E0521

use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext, Window, secs};

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.map(|line| (line, 1));
        pairs
            .reduce_by_key_and_window_with_inverse_and_filter(
                |a, b| a + b,
                |a, b| a - b,
                |(key, _)| {
                    KEPT.lock().unwrap().push(*key);
                    true
                },
                Window::every_batch(secs(2)),
            )
            .print();
        Ok(())
    })
}

fn main() {}
