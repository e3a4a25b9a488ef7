// A lazy operator on a dataset borrows a local of the output, which the dataset might outlive.
//@ error: E0597

use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.for_each_rdd(|rdd, _| {
            let kept = Mutex::new(Vec::new());
            let kept = &kept;
            rdd.map(move |line| kept.lock().unwrap().push(line)).count();
        });
        Ok(())
    })
}

fn main() {}
