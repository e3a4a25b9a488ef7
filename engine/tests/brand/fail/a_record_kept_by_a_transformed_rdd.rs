// A closure on the dataset that a transform gives keeps records in a static.
//@ error: E0521

use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext};

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines
            .transform(|rdd, _| {
                rdd.filter(|line| {
                    KEPT.lock().unwrap().push(*line);
                    true
                })
            })
            .print();
        Ok(())
    })
}

fn main() {}
