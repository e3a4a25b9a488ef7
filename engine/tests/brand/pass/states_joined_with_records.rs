// States that are lent to a batch are joined with its records.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.map(|line| (line, line.len() as u64));
        let longest =
            pairs.update_state_by_key(|new, old: Option<u64>| new.iter().copied().chain(old).max());
        pairs.join(&longest).filter(|(_, (len, longest))| len == *longest).boxed().print();
        Ok(())
    })
}

fn main() {}
