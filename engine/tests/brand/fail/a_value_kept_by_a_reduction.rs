// The function of a reduction keeps the values that it is given.
//@ error: without a code

use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext};

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines
            .map(|line| (line.len(), line))
            .reduce_by_key(|a, _| {
                KEPT.lock().unwrap().push(a);
                a
            })
            .print();
        Ok(())
    })
}

fn main() {}
