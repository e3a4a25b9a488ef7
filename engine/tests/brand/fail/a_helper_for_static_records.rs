// A setup calls a helper that wants records that live for ever.
//@ error: E0521

use millstream::{Result, Running, Scope, StreamingContext};

fn helper(s: &Scope<'static>) {
    s.socket_text_stream("localhost:7777").print();
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        helper(s);
        Ok(())
    })
}

fn main() {}
