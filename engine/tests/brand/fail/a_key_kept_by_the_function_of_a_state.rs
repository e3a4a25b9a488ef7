// The function of a state keeps the key that it is called for.
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
            .update_state_by_key_with(spec, |_, key, _, old| {
                KEPT.lock().unwrap().push(*key);
                old
            })
            .print();
        Ok(())
    })
}

fn main() {}
