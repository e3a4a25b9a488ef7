// Functions of the standard library and of the program stand in for closures.

use millstream::{Result, Running, StreamingContext};

fn tail(line: &str) -> &str {
    &line[line.len() / 2..]
}

fn early<'b: 'b>(line: &'b str) -> &'b str {
    line
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        lines.map(str::len).print();
        lines.flat_map(str::split_whitespace).map(str::trim).map(str::to_owned).print();
        lines.map(tail).map(early).print();
        Ok(())
    })
}

fn main() {}
