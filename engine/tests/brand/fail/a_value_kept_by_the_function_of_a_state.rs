// The function of a state keeps the values that it is given.
//@ error: without a code

use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext};

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.map(|line| (line.len(), line));
        pairs
            .update_state_by_key(|new, old: Option<u64>| {
                KEPT.lock().unwrap().extend(new.iter().copied());
                old
            })
            .print();
        Ok(())
    })
}

fn main() {}
