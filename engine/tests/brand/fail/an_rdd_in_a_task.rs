// A task of a dataset runs an action on another one.
//@ error: E0277

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.for_each_rdd(|rdd, _| {
            let long = rdd.filter(|line| line.len() > 80);
            rdd.filter(move |_| long.count() > 0).count();
        });
        Ok(())
    })
}

fn main() {}
