// Windows keep what they count of borrowed words, and lend the words again.

use millstream::{Result, Running, StreamingContext, Window, secs};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let window = Window::sliding(secs(10), secs(2));
        let pairs = lines.words().map(|word| (word, 1u64));
        pairs.reduce_by_key_and_window(|a, b| a.max(b), window).print();
        pairs.reduce_by_key_and_window_with_inverse(|a, b| a + b, |a, b| a - b, window).print();
        pairs.map_values(|n| n as f64).group_by_key_and_window(window).named("groups").print();
        lines.count_by_value_and_window(window).filter(|(line, _)| line.len() > 1).print();
        let owned = lines.map(|line| line.to_owned());
        owned.reduce_by_window(|a, b| a.max(b), window).print();
        Ok(())
    })
}

fn main() {}
