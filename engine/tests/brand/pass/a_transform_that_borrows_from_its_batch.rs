// A transform gives a dataset whose closures borrow from the batch.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let other = s.queue_text_stream([vec!["a b".to_string()]]);
        lines
            .transform(|rdd, _| {
                let first = rdd.take(1);
                rdd.filter(move |line| !first.contains(line)).sort_by(|line| line.len())
            })
            .print();
        lines.transform_with(&other, |lines, other, _| lines.union(&other).distinct()).print();
        lines.transform_history(2, |rdds, _| rdds[rdds.len() - 1].subtract(&rdds[0])).print();
        s.transform([lines.clone(), other], |rdds, _| rdds[0].cartesian(&rdds[1])).print();
        Ok(())
    })
}

fn main() {}
