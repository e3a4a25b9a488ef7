// The closure of a transform keeps the dataset that it is given.
//@ error: E0277

use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let kept = Mutex::new(Vec::new());
        lines
            .transform(move |rdd, _| {
                kept.lock().unwrap().push(rdd.map(|line| line));
                rdd
            })
            .print();
        Ok(())
    })
}

fn main() {}
