// A record is kept for ever, through a hole of the compiler (rustc issue 25860): a function
// pointer forgets what the types of its arguments imply, so safe code can stretch any lifetime, in
// any crate. When the hole is closed this moves to the programs that must fail.

use std::sync::Mutex;

use millstream::{Result, Running, StreamingContext};

static KEPT: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

fn same<'long, 'short>(_: &'long &'short (), text: &'short str) -> &'long str {
    text
}

fn stretched<'long>(text: &str) -> &'long str {
    let same: fn(_, &_) -> &'long str = same;
    same(&&(), text)
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.map(|line| KEPT.lock().unwrap().push(stretched(line))).print();
        Ok(())
    })
}

fn main() {}
