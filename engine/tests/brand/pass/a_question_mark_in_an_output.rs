// An output that may fail uses the question mark.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.try_for_each_rdd(|rdd, _| {
            for line in rdd.collect() {
                line.parse::<u64>()?;
            }
            Ok(())
        });
        Ok(())
    })
}

fn main() {}
