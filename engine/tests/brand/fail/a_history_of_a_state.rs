// The last batches of a state are asked for.
//@ error: E0277

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.map(|line| (line, 1));
        let totals =
            pairs.update_state_by_key(|new, old: Option<usize>| Some(old.unwrap_or(0) + new.len()));
        totals.transform_history(2, |rdds, _| rdds[0].map(|pair| pair)).print();
        Ok(())
    })
}

fn main() {}
