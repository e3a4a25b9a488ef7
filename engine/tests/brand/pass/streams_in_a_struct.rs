// Streams of a program are the fields of a struct.

use millstream::{Boxed, DStream, Result, Running, StreamingContext};

struct Views<'b> {
    errors: DStream<'b, Boxed<'b, &'b str>>,
    words: DStream<'b, Boxed<'b, &'b str>>,
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let views = Views {
            errors: lines.filter(|line| line.contains("error")).boxed(),
            words: lines.words().boxed(),
        };
        views.errors.print();
        views.words.count().print();
        Ok(())
    })
}

fn main() {}
