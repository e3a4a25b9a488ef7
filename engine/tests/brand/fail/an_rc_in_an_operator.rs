// An operator captures what is not shared between threads.
//@ error: E0277

use std::rc::Rc;

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let least = Rc::new(1);
        lines.map(move |line| line.len() + *least).print();
        Ok(())
    })
}

fn main() {}
