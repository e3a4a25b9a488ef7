// An output keeps the records of a join.
//@ error: without a code

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let (a, b) =
            (s.socket_text_stream("localhost:7777"), s.socket_text_stream("localhost:7778"));
        let joined = a.map(|line| (line.len(), line)).join(&b.map(|line| (line.len(), line)));
        let mut kept = Vec::new();
        joined.map(|(_, both)| both).for_each_rdd(move |rdd, _| kept.extend(rdd.collect()));
        Ok(())
    })
}

fn main() {}
