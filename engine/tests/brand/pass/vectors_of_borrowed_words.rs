// Records are vectors of words that borrow from the batch.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let words = lines.map(|line| {
            let mut words: Vec<_> = line.split(' ').collect();
            words.sort();
            words.dedup();
            words
        });
        words.filter(|words| words.len() > 1).flat_map(|words| words).print();
        Ok(())
    })
}

fn main() {}
