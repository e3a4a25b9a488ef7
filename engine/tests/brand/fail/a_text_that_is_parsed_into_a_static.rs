// A type that only reads texts that live for ever keeps them.
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
        s.socket_text_stream("localhost:7777").parse::<Kept>().count().print();
        Ok(())
    })
}

fn main() {}
