// The closure of an operator on a dataset, which may borrow from the batch, keeps records in a
// static.
//@ error: E0521

use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext};

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.for_each_rdd(|rdd, _| drop(rdd.map(|line| KEPT.lock().unwrap().push(line)).count()));
        Ok(())
    })
}

fn main() {}
