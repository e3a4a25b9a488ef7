// The function of a state keeps the handle of the state for later calls.
//@ error: E0521

use std::sync::Mutex;

use millstream::{KeyText, Result, Running, StateSpec, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.map(|line| (line, 1));
        let kept = Mutex::new(Vec::new());
        let spec = StateSpec::<KeyText, u64>::new();
        pairs.map_with_state(spec, move |_, _, state| kept.lock().unwrap().push(state)).print();
        Ok(())
    })
}

fn main() {}
