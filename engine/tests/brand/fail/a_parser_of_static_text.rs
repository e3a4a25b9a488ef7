// What a line is parsed into can be made of text that lives for ever, and keeps it.
//@ error: E0521

use std::sync::Mutex;

use millstream::{FromText, Result, Running, StreamingContext};

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

struct Kept;

impl FromText<'static> for Kept {
    fn from_text(text: &'static str) -> Option<Self> {
        KEPT.lock().unwrap().push(text);
        Some(Kept)
    }
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.parse::<Kept>().count().print();
        Ok(())
    })
}

fn main() {}
