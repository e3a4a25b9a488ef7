// A closure that has captured a record is kept.
//@ error: without a code

use std::sync::{Arc, Mutex};

use millstream::{Result, Running, StreamingContext};

type Kept = Box<dyn Fn() -> &'static str + Send>;

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let kept: Arc<Mutex<Vec<Kept>>> = Arc::default();
        lines.map(move |line| kept.lock().unwrap().push(Box::new(move || line))).print();
        Ok(())
    })
}

fn main() {}
