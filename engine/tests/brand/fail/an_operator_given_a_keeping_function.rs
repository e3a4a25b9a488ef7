// A function that keeps what it is given stands in for the closure.
//@ error: E0521

use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext};

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

fn keep(record: &'static str) -> bool {
    KEPT.lock().unwrap().push(record);
    true
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.filter(|line| keep(line)).print();
        Ok(())
    })
}

fn main() {}
