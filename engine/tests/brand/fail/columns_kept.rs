// A line in columns is pushed into what an operator has captured.
//@ error: E0521

use std::sync::{Arc, Mutex};

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let kept = Mutex::new(Vec::new());
        let kept = Arc::new(kept);
        lines.fields('\t').map(move |columns| kept.lock().unwrap().push(columns)).count().print();
        Ok(())
    })
}

fn main() {}
