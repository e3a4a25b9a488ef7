// A record of a type of its own keeps its text when it is dropped.
//@ error: E0521

use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext};

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

struct Line<'b>(&'b str);

impl Drop for Line<'_> {
    fn drop(&mut self) {
        KEPT.lock().unwrap().push(self.0);
    }
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.map(|line| Line(line)).for_each_rdd(|rdd, _| drop(rdd.collect()));
        Ok(())
    })
}

fn main() {}
