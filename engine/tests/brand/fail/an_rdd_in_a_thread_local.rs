// An output keeps the dataset of a batch in a thread local, where it need not be sent anywhere.
//@ error: E0521

use std::cell::RefCell;

use millstream::{Lines, Rdd, Result, Running, StreamingContext};

thread_local! {
    static KEPT: RefCell<Option<Rdd<'static, Lines>>> = const { RefCell::new(None) };
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.for_each_rdd(|rdd, _| KEPT.set(Some(rdd)));
        Ok(())
    })
}

fn main() {}
