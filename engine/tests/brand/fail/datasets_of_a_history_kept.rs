// The closure of a history keeps the datasets that it is given.
//@ error: E0521

use std::cell::RefCell;

use millstream::{Lines, Rdd, Result, Running, StreamingContext};

thread_local! {
    static KEPT: RefCell<Vec<Rdd<'static, Lines>>> = const { RefCell::new(Vec::new()) };
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines
            .transform_history(3, |rdds, _| {
                let newest = rdds.last().unwrap().map(|line| line);
                KEPT.set(rdds);
                newest
            })
            .print();
        Ok(())
    })
}

fn main() {}
