// The function that is called for each record keeps the key.
//@ error: E0521

use std::sync::Mutex;

use millstream::{KeyText, Result, Running, StateSpec, StreamingContext};

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.map(|line| (line, 1));
        let spec = StateSpec::<KeyText, u64>::new();
        pairs
            .filter_map_with_state(spec, |_, key, _, _| {
                KEPT.lock().unwrap().push(key);
                Some(1)
            })
            .print();
        Ok(())
    })
}

fn main() {}
