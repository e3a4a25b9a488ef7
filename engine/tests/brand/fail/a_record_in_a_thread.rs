// A thread that nobody waits for is given a record.
//@ error: E0521

use std::thread::spawn;

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.map(|line| drop(spawn(move || println!("{line}")))).print();
        Ok(())
    })
}

fn main() {}
