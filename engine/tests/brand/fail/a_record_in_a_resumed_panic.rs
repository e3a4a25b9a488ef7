// A panic that carries a record is resumed.
//@ error: without a code

use std::panic::resume_unwind;

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.map(|line| -> usize { resume_unwind(Box::new(line)) }).print();
        Ok(())
    })
}

fn main() {}
