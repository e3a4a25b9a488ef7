// A state is the first record of its key.
//@ error: without a code

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.map(|line| (line.len(), line));
        pairs.update_state_by_key(|new, old| old.or(new.first().copied())).print();
        Ok(())
    })
}

fn main() {}
