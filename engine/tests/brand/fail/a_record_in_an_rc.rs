// A record is kept in an Rc that is shared with the program.
//@ error: E0277

use std::cell::RefCell;
use std::rc::Rc;

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let kept = Rc::new(RefCell::new(Vec::new()));
        lines.for_each_rdd(move |rdd, _| kept.borrow_mut().extend(rdd.collect()));
        Ok(())
    })
}

fn main() {}
