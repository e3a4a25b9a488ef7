// Records and datasets are leaked, which costs memory and nothing else.

use std::mem::forget;

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.for_each_rdd(|rdd, _| {
            let leaked = Box::leak(Box::new(rdd.collect()));
            println!("{}", leaked.len());
            forget(rdd);
        });
        Ok(())
    })
}

fn main() {}
