// The closure of a transform describes another stream while the stream runs.
//@ error: E0521

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let same = lines.clone();
        lines
            .transform(move |rdd, _| {
                same.print();
                rdd
            })
            .print();
        Ok(())
    })
}

fn main() {}
