// A helper of the program takes a stream of any type.

use millstream::{DStream, Edge, Key, Pipe, Result, Running, StreamingContext};

fn counts<'b, P: Pipe<'b>, K: Key<'b>>(
    stream: &DStream<'b, P>,
    key: impl Fn(P::Item) -> K + Clone + Send + Sync + 'static,
) -> DStream<'b, Edge<'b, (K, u64)>> {
    stream.map(move |record| (key(record), 1)).reduce_by_key(|a, b| a + b)
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        counts(&lines, |line| line.len()).print();
        counts(&lines.map(|line| line.trim()), |line| (line.len(), line)).print();
        Ok(())
    })
}

fn main() {}
