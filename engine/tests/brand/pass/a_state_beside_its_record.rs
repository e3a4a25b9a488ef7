// The function of a state gives out the record; the states of all keys are read too.

use millstream::{Result, Running, StateSpec, StreamingContext, secs};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.map(|line| (line.len(), line));
        let spec = StateSpec::new().initial_state([(0, 0u64)]).timeout(secs(30));
        let longest = pairs.map_with_state(spec, |_, line, state| {
            if !state.is_timing_out() {
                state.update(state.get().copied().unwrap_or(0) + 1);
            }
            line.map(|line| line.trim())
        });
        longest.print();
        longest.named("by length").state_snapshots().filter(|(_, n)| **n > 1).print();
        Ok(())
    })
}

fn main() {}
