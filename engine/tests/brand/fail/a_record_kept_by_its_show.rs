// A record of a type of its own keeps its text when it is printed.
//@ error: E0521

use std::fmt;
use std::sync::Mutex;

use millstream::{Result, Running, Show, StreamingContext};

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

struct Line<'b>(&'b str);

impl Show for Line<'_> {
    fn show(&self, _: &mut dyn fmt::Write) -> fmt::Result {
        KEPT.lock().unwrap().push(self.0);
        Ok(())
    }
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.map(|line| Line(line)).print();
        Ok(())
    })
}

fn main() {}
