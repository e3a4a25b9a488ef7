// What a closure that is bound to a variable first would do, as a function; closures that return
// nothing borrowed may be bound first.

use millstream::{Result, Running, StreamingContext};

fn trim(line: &str) -> &str {
    line.trim()
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.map(trim).print();
        let length = |line| str::len(line);
        lines.map(length).print();
        let long = |line: &str| line.len() > 80;
        lines.filter(move |line| long(line)).print();
        Ok(())
    })
}

fn main() {}
