// The zero of an aggregate is shared by all batches, and collects their records.
//@ error: without a code

use std::sync::{Arc, Mutex};

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let all = Arc::new(Mutex::new(Vec::new()));
        lines.for_each_rdd(move |rdd, _| {
            rdd.aggregate(
                || all.clone(),
                |all, line| {
                    all.lock().unwrap().push(line);
                    all
                },
                |all, _| all,
            );
        });
        Ok(())
    })
}

fn main() {}
