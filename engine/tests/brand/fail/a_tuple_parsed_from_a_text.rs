// A text is one value; only fields are a tuple of them.
//@ error: E0277

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        s.socket_text_stream("localhost:7777").parse::<(&str, i64)>().print();
        Ok(())
    })
}

fn main() {}
