// A test run is asked to return records that borrow from their batch.
//@ error: E0521

use millstream::{Result, secs, testing};

fn attempt() -> Result<Vec<Vec<&'static str>>> {
    testing::run(secs(1), 1, |s, out| {
        out.collect(&s.queue_text_stream([vec!["a".to_string()]]));
        Ok(())
    })
}

fn main() {}
