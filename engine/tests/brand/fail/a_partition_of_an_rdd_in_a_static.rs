// The closure of for_each_partition keeps the records in a static.
//@ error: E0521

use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext};

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.for_each_rdd(|rdd, _| {
            rdd.for_each_partition(|_, records| KEPT.lock().unwrap().extend(records))
        });
        Ok(())
    })
}

fn main() {}
