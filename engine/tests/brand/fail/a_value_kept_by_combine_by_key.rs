// A function that begins the result of a key keeps the value.
//@ error: without a code

use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.map(|line| (line.len(), line));
        let kept = Mutex::new(Vec::new());
        let create = move |line| {
            kept.lock().unwrap().push(line);
            1
        };
        pairs.combine_by_key(create, |n, _| n + 1, |a, b| a + b).print();
        Ok(())
    })
}

fn main() {}
