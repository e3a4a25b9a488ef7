// The function that is called for each record keeps its value in what it has captured.
//@ error: without a code

use std::sync::Mutex;

use millstream::{KeyText, Result, Running, StateSpec, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.map(|line| (line.len(), line));
        let kept = Mutex::new(Vec::new());
        let spec = StateSpec::<usize, u64>::new();
        pairs.map_with_state(spec, move |_, line, _| kept.lock().unwrap().push(line)).print();
        Ok(())
    })
}

fn main() {}
