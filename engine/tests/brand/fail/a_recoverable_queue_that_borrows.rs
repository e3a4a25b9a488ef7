// A queue whose items a snapshot would have to make again holds records.
//@ error: without a code

use millstream::{Queue, Result, Running, Scope, StreamingContext};

fn describe<'b>(s: &Scope<'b>) {
    s.recoverable_queue_stream(Queue::<&'b str>::new()).print();
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        describe(s);
        Ok(())
    })
}

fn main() {}
