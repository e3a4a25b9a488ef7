// Another thread runs an action on a dataset.
//@ error: E0277

use std::thread::scope;

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.for_each_rdd(|rdd, _| {
            scope(|threads| {
                threads.spawn(|| rdd.count());
            });
        });
        Ok(())
    })
}

fn main() {}
