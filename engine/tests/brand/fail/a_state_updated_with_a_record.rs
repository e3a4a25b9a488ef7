// The function of a state puts a record into it.
//@ error: without a code

use millstream::{KeyText, Result, Running, StateSpec, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.map(|line| (line.len(), line));
        pairs
            .map_with_state(StateSpec::new(), |_, line, state| state.update(line.unwrap()))
            .print();
        Ok(())
    })
}

fn main() {}
