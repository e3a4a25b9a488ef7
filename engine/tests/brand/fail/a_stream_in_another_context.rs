// The setup of a second context uses a stream of the first.
//@ error: E0521

use millstream::{Conf, Result, Running, StreamingContext, secs};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        StreamingContext::new(Conf::new("second"), secs(1))?.start(move |second| {
            lines.union(&second.socket_text_stream("localhost:7778")).print();
            Ok(())
        })?;
        Ok(())
    })
}

fn main() {}
