// A flat_map returns owned pieces of a record that it owns.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let lower = lines.map(|line| line.to_lowercase());
        lower.flat_map(|line| line.split(' ').map(str::to_owned).collect::<Vec<_>>()).print();
        Ok(())
    })
}

fn main() {}
