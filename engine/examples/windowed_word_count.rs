//! Counts words over the last ten seconds, every two seconds: the original's `reduceByKeyAndWindow`
//! with an inverse function. A slide costs what enters and leaves the window.
//!
//!     cargo run --release -p loadgen -- serve --listen 127.0.0.1:7777 --rate 100k
//!     cargo run --release --example windowed_word_count localhost:7777

use millstream::{BoxError, Conf, StreamingContext, Window, secs};

fn main() -> Result<(), BoxError> {
    let target =
        std::env::args().nth(1).ok_or("which server? give HOST:PORT, as in localhost:7777")?;
    let ssc = StreamingContext::new(Conf::new("windowed word count"), secs(1))?;
    let running = ssc.start(move |s| {
        let words = s.socket_text_stream(&target).words();
        let pairs = words.map(|word| (word, 1u64));
        let window = Window::sliding(secs(10), secs(2));
        let counts =
            pairs.reduce_by_key_and_window_with_inverse(|a, b| a + b, |a, b| a - b, window);
        counts.print();
        Ok(())
    })?;
    running.stop_on_signals()?;
    running.await_termination()?;
    Ok(())
}
