// A state is a list that could hold records.
//@ error: without a code

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.map(|line| (line, 1));
        pairs.update_state_by_key(|_, _| Some(Vec::<&str>::new())).print();
        Ok(())
    })
}

fn main() {}
