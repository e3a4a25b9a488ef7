// A record is pushed into a thread local.
//@ error: E0521

use std::cell::RefCell;

use millstream::{Result, Running, StreamingContext};

thread_local! {
    static KEPT: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.map(|line| KEPT.with_borrow_mut(|kept| kept.push(line))).print();
        Ok(())
    })
}

fn main() {}
