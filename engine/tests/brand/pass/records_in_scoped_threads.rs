// Threads that end within the output are given records.

use std::thread::scope;

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.for_each_rdd(|rdd, _| {
            let records = rdd.collect();
            let half = records.len() / 2;
            scope(|threads| {
                threads.spawn(|| println!("{:?}", &records[..half]));
                threads.spawn(|| println!("{:?}", &records[half..]));
            });
        });
        Ok(())
    })
}

fn main() {}
