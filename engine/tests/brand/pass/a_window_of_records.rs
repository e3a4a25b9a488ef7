// Words of a window of records are counted, and a window is put over that window.

use millstream::{Result, Running, StreamingContext, Window, secs};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let window = Window::every_batch(secs(2));
        let words = lines.flat_map(|line| line.split(' ')).map(|word| (word, 1));
        let recent = words.window(window);
        recent.reduce_by_key(|a, b| a + b).print();
        recent.window(window).count().print();
        Ok(())
    })
}

fn main() {}
