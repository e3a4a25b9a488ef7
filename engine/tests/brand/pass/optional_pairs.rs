// Pairs are made of what can be parsed, and the greatest value of each key is kept.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.flat_map(|line| line.split_once('='));
        let numbers = pairs.flat_map(|(key, value)| Some((key, value.parse::<f64>().ok()?)));
        numbers.reduce_by_key(f64::max).print();
        Ok(())
    })
}

fn main() {}
