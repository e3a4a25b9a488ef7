// An output keeps the dataset of a batch in a thread local, as Any.
//@ error: without a code

use std::any::Any;
use std::cell::RefCell;

use millstream::{Result, Running, StreamingContext};

thread_local! {
    static KEPT: RefCell<Option<Box<dyn Any>>> = const { RefCell::new(None) };
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.for_each_rdd(|rdd, _| KEPT.set(Some(Box::new(rdd))));
        Ok(())
    })
}

fn main() {}
