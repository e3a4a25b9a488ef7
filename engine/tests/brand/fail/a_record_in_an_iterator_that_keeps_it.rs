// The iterator that a flat_map returns keeps what it was made of.
//@ error: E0521

use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext};

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

struct Pieces<'b>(&'b str);

impl<'b> Iterator for Pieces<'b> {
    type Item = &'b str;

    fn next(&mut self) -> Option<&'b str> {
        KEPT.lock().unwrap().push(self.0);
        None
    }
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.flat_map(|line| Pieces(line)).print();
        Ok(())
    })
}

fn main() {}
