// A listener is made that could keep records.
//@ error: E0521

use std::sync::Mutex;

use millstream::{Conf, Result, Running, Scope, StreamingContext, progress::Listener};

struct Ear<'b>(Mutex<Vec<&'b str>>);

impl Listener for Ear<'_> {}

fn ear_for<'b>(_: &Scope<'b>) -> Ear<'b> {
    Ear(Mutex::default())
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let _ = Conf::new("kept").listener(ear_for(s));
        Ok(())
    })
}

fn main() {}
