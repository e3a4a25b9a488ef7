// A record is kept for ever, through a hole of the compiler (rustc issue 84366): what a static
// closure returns counts as static, so safe code can stretch any lifetime, in any crate. When the
// hole is closed this moves to the programs that must fail.

use std::fmt::Display;
use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext};

static KEPT: Mutex<Vec<Box<dyn Display + Send>>> = Mutex::new(Vec::new());

trait Returns {
    type Value;
}

impl<R, F: Fn() -> R> Returns for F {
    type Value = R;
}

fn kept<F: Returns + 'static>(_: &F, value: F::Value) -> Box<dyn Display + Send>
where
    F::Value: Display + Send,
{
    Box::new(value)
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines
            .map(|line| {
                // It holds nothing, so it is static; what it returns is what a record is.
                let like = || -> &_ { unreachable!() };
                kept(&like, line)
            })
            .for_each_rdd(|rdd, _| KEPT.lock().unwrap().extend(rdd.collect()));
        Ok(())
    })
}

fn main() {}
