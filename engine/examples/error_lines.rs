//! The original's first program: lines from a server, those that contain *error*, printed every
//! second.
//!
//!     nc -lk 7777                                              # in one terminal; then type lines
//!     cargo run --release --example error_lines localhost:7777 # in another

use millstream::{BoxError, Conf, StreamingContext, secs};

fn main() -> Result<(), BoxError> {
    let target =
        std::env::args().nth(1).ok_or("which server? give HOST:PORT, as in localhost:7777")?;
    let ssc = StreamingContext::new(Conf::new("error lines"), secs(1))?;
    let running = ssc.start(move |s| {
        let lines = s.socket_text_stream(&target);
        let error_lines = lines.filter(|line| line.contains("error"));
        error_lines.print();
        Ok(())
    })?;
    running.stop_on_signals()?;
    running.await_termination()?;
    Ok(())
}
