// Streams are made in a loop, kept in a vector, and united.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let mut thirds = Vec::new();
        for third in 0..3 {
            thirds.push(lines.filter(move |line| line.len() % 3 == third).boxed());
        }
        let all = thirds.into_iter().reduce(|a, b| a.union(&b).boxed());
        all.ok_or("no third")?.print();
        Ok(())
    })
}

fn main() {}
