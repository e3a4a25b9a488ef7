// A window would read states again as they were.
//@ error: E0599

use millstream::{Result, Running, StreamingContext, Window, secs};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.map(|line| (line, 1));
        let totals =
            pairs.update_state_by_key(|new, old: Option<usize>| Some(old.unwrap_or(0) + new.len()));
        totals.map(|(word, _)| word).window(Window::every_batch(secs(2))).print();
        Ok(())
    })
}

fn main() {}
