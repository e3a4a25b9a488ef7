// An output fails with an error that holds a record.
//@ error: without a code

use std::error::Error;
use std::fmt;

use millstream::{Result, Running, StreamingContext};

#[derive(Debug)]
struct Malformed<'b>(&'b str);

impl fmt::Display for Malformed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Malformed<'_> {}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.try_for_each_rdd(|rdd, _| Err(Box::new(Malformed(rdd.collect()[0]))));
        Ok(())
    })
}

fn main() {}
