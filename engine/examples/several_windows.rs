//! Counts words over the last 5, 6 and 7 batches of one stream. Each batch is counted once, for all
//! three windows: their function is the same, so they share what it leaves.
//!
//!     nc -lk 7777                                                  # in one terminal; then type words
//!     cargo run --release --example several_windows localhost:7777 # in another

use millstream::{BoxError, Conf, StreamingContext, Window, secs};

fn main() -> Result<(), BoxError> {
    let target =
        std::env::args().nth(1).ok_or("which server? give HOST:PORT, as in localhost:7777")?;
    let interval = secs(1);
    let ssc = StreamingContext::new(Conf::new("several windows"), interval)?;
    let running = ssc.start(move |s| {
        let words = s.socket_text_stream(&target).words();
        let pairs = words.map(|word| (word, 1u64));
        for batches in [5, 6, 7] {
            let window = Window::every_batch(interval * batches);
            let counts =
                pairs.reduce_by_key_and_window_with_inverse(|a, b| a + b, |a, b| a - b, window);
            counts.map(move |(word, n)| format!("{batches} batches: {word} {n}")).print();
        }
        Ok(())
    })?;
    running.stop_on_signals()?;
    // Three windows over one stage of slices.
    eprint!("{}", running.explain());
    running.await_termination()?;
    Ok(())
}
