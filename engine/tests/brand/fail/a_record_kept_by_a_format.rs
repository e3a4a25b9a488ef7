// The format of a saved stream keeps a record.
//@ error: E0521

use std::sync::{Arc, Mutex};

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let lines = s.text_file_stream("in");
        lines.save_as_files("out", "", move |line, _| kept.lock().unwrap().push(line));
        Ok(())
    })
}

fn main() {}
