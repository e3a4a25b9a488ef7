// The closure of a transform swaps the dataset for that of an earlier batch.
//@ error: E0521

use std::cell::RefCell;

use millstream::{Lines, Rdd, Result, Running, StreamingContext};

thread_local! {
    static KEPT: RefCell<Option<Rdd<'static, Lines>>> = const { RefCell::new(None) };
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.transform(|rdd, _| KEPT.replace(Some(rdd)).unwrap()).print();
        Ok(())
    })
}

fn main() {}
