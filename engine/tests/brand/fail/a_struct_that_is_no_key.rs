// A struct that does not say how it is owned is a key.
//@ error: E0599

use millstream::{Result, Running, StreamingContext};

#[derive(Clone, PartialEq, Eq, Hash)]
struct Host<'b>(&'b str);

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.map(|line| (Host(line), 1)).reduce_by_key(|a, b| a + b).for_each_rdd(|_, _| {});
        Ok(())
    })
}

fn main() {}
