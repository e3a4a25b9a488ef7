// The function that a dataset is sorted by keeps records.
//@ error: E0521

use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext};

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines
            .transform(|rdd, _| {
                rdd.sort_by(|line| {
                    KEPT.lock().unwrap().push(*line);
                    line.len()
                })
            })
            .print();
        Ok(())
    })
}

fn main() {}
