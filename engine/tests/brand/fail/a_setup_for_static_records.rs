// A setup is written for records that live for ever.
//@ error: without a code

use millstream::{BoxError, Result, Running, Scope, StreamingContext};

fn setup(s: &Scope<'static>) -> Result<(), BoxError> {
    s.socket_text_stream("localhost:7777").print();
    Ok(())
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(setup)
}

fn main() {}
