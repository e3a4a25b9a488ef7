// An output keeps the values that a window has counted.
//@ error: E0521

use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext, Window, secs};

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let counted = lines.count_by_value_and_window(Window::every_batch(secs(2)));
        counted.for_each_rdd(|rdd, _| KEPT.lock().unwrap().extend(rdd.keys().collect()));
        Ok(())
    })
}

fn main() {}
