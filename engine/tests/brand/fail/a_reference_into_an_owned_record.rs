// An operator returns a reference into a record that it owns.
//@ error: E0515

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        s.queue_stream([vec!["a".to_string()]]).map(|word| word.as_str()).print();
        Ok(())
    })
}

fn main() {}
