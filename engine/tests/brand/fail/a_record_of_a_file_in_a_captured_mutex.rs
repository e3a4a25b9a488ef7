// A record of bytes of a file is pushed into a mutex that the closure of an operator has captured.
//@ error: E0521

use std::sync::{Arc, Mutex};

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let records = s.binary_records_stream("in", 8);
        records.map(move |record| kept.lock().unwrap().push(record)).print();
        Ok(())
    })
}

fn main() {}
