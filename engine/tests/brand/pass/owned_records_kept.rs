// Records are kept for ever once they own themselves.

use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext};

static KEPT: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let owned = lines.map(str::to_owned);
        owned.map(|line| KEPT.lock().unwrap().push(line)).print();
        let mut seen = Vec::new();
        owned.for_each_rdd(move |rdd, _| seen.extend(rdd.collect()));
        Ok(())
    })
}

fn main() {}
