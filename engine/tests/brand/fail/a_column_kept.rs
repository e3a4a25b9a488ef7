// A column of a line is pushed into a static.
//@ error: E0521

use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext};

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.fields('\t').field(1).map(|column| KEPT.lock().unwrap().push(column)).print();
        Ok(())
    })
}

fn main() {}
