// Pairs that are parsed from columns are kept by an output.
//@ error: E0521

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let mut kept = Vec::new();
        let pairs = lines.fields('\t').parse::<(&str, u64)>();
        pairs.for_each_rdd(move |rdd, _| kept.extend(rdd.collect()));
        Ok(())
    })
}

fn main() {}
