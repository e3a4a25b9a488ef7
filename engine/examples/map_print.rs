//! Appends a suffix to every line and prints the first ten of each second.
//!
//!     cargo run --release -p loadgen -- serve --listen 127.0.0.1:7777 --rate 100
//!     cargo run --release --example map_print localhost:7777

use millstream::{BoxError, StreamingContext, secs};

fn main() -> Result<(), BoxError> {
    let target =
        std::env::args().nth(1).ok_or("which server? give HOST:PORT, as in localhost:7777")?;
    let ssc = StreamingContext::with_master("local[*]", "map print", secs(1))?;
    let running = ssc.start(move |s| {
        s.socket_text_stream(&target).map(|line| format!("{line}VIN")).print_n(10);
        Ok(())
    })?;
    running.stop_on_signals()?;
    running.await_termination()?;
    Ok(())
}
