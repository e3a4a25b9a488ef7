// A record is boxed as Any and kept.
//@ error: without a code

use std::any::Any;
use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext};

static KEPT: Mutex<Vec<Box<dyn Any + Send>>> = Mutex::new(Vec::new());

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.map(|line| KEPT.lock().unwrap().push(Box::new(line))).print();
        Ok(())
    })
}

fn main() {}
