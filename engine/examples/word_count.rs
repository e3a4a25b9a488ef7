//! Counts words, every second anew, and prints ten of them.
//!
//!     cargo run --release -p loadgen -- serve --listen 127.0.0.1:7777 --rate 100k
//!     cargo run --release --example word_count localhost:7777

use millstream::{BoxError, Conf, StreamingContext, secs};

fn main() -> Result<(), BoxError> {
    let target =
        std::env::args().nth(1).ok_or("which server? give HOST:PORT, as in localhost:7777")?;
    let ssc = StreamingContext::new(Conf::new("word count"), secs(1))?;
    let running = ssc.start(move |s| {
        let words = s.socket_text_stream(&target).words();
        words.map(|word| (word, 1u64)).reduce_by_key(|a, b| a + b).print();
        Ok(())
    })?;
    running.stop_on_signals()?;
    // What was built, for the curious.
    eprint!("{}", running.explain());
    running.await_termination()?;
    Ok(())
}
