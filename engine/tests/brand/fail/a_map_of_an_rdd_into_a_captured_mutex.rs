// The closure of an operator on a dataset keeps records in what the output has captured.
//@ error: E0521

use std::sync::{Arc, Mutex};

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let kept = Arc::new(Mutex::new(Vec::new()));
        lines.for_each_rdd(move |rdd, _| {
            let kept = kept.clone();
            let keep = rdd.map(move |line| kept.lock().unwrap().push(line));
            keep.count();
        });
        Ok(())
    })
}

fn main() {}
