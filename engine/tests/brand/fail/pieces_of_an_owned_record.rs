// A flat_map returns pieces of a record that it owns.
//@ error: E0515

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.map(|line| line.to_lowercase()).flat_map(|line| line.split(' ')).print();
        Ok(())
    })
}

fn main() {}
