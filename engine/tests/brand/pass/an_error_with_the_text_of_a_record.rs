// An output fails with the text of a record, which the error owns.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.try_for_each_rdd(|rdd, _| {
            rdd.take(1).first().map_or(Ok(()), |&line| Err(line.into()))
        });
        Ok(())
    })
}

fn main() {}
