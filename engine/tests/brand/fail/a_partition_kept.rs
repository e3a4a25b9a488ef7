// The records of a partition are kept by the closure of map_partitions.
//@ error: E0521

use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext};

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines
            .map_partitions(|records| {
                KEPT.lock().unwrap().extend(records);
                [0]
            })
            .print();
        Ok(())
    })
}

fn main() {}
