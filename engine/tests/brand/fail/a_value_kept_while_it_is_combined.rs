// A function that adds a value to the result of a key keeps it.
//@ error: without a code

use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext};

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.map(|line| (line.len(), line));
        pairs
            .combine_by_key(
                |_| 1,
                |n, line| {
                    KEPT.lock().unwrap().push(line);
                    n + 1
                },
                |a, b| a + b,
            )
            .print();
        Ok(())
    })
}

fn main() {}
