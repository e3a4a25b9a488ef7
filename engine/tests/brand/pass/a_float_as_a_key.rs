// The bits of a floating-point number are a key.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let lengths = lines.map(|line| ((line.len() as f64).to_bits(), 1));
        lengths.reduce_by_key(|a, b| a + b).map(|(bits, n)| (f64::from_bits(bits), n)).print();
        Ok(())
    })
}

fn main() {}
