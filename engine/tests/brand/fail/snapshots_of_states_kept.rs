// An output keeps the states of all keys in a static.
//@ error: without a code

use std::sync::Mutex;

use millstream::{KeyText, Result, Running, StateSpec, StreamingContext};

static KEPT: Mutex<Vec<&'static u64>> = Mutex::new(Vec::new());

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.map(|line| (line.len(), 1));
        let spec = StateSpec::<usize, u64>::new();
        let counted = pairs.map_with_state(spec, |_, _, state| state.update(1));
        counted.state_snapshots().for_each_rdd(|rdd, _| {
            KEPT.lock().unwrap().extend(rdd.collect().into_iter().map(|(_, state)| state));
        });
        Ok(())
    })
}

fn main() {}
