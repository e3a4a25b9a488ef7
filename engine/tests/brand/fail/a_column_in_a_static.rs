// A column is pushed into a static.
//@ error: E0521

use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext};

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.fields('\t').parse::<(&str, i64)>();
        pairs.map(|(key, _)| KEPT.lock().unwrap().push(key)).print();
        Ok(())
    })
}

fn main() {}
