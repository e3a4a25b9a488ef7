// The function of a state gives out the state that it is shown, which the next record changes.
//@ error: without a code

use millstream::{KeyText, Result, Running, StateSpec, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.map(|line| (line, 1));
        let spec = StateSpec::<KeyText, Vec<u64>>::new();
        pairs
            .map_with_state(spec, |_, _, state| state.get().map(|state| &state[..]))
            .count()
            .print();
        Ok(())
    })
}

fn main() {}
