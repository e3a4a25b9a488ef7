// An action, which is over when it returns, borrows locals of the output.

use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.for_each_rdd(|rdd, _| {
            let longest = Mutex::new("");
            rdd.for_each_partition(|_, records| {
                let mut longest = longest.lock().unwrap();
                *longest = records.fold(*longest, |a, b| if b.len() > a.len() { b } else { a });
            });
            let all = rdd.aggregate(
                Vec::new,
                |all, line| [all, vec![line]].concat(),
                |a, b| [a, b].concat(),
            );
            assert!(all.contains(&*longest.lock().unwrap()));
        });
        Ok(())
    })
}

fn main() {}
