//! Joins two streams of `key<TAB>value` lines by key: what both have in the same second is printed.
//!
//!     nc -lk 7777                                           # in one terminal; then type keys and values,
//!     nc -lk 7778                                           # and in another, with a tab between them
//!     cargo run --release --example join_streams localhost:7777 localhost:7778

use millstream::{BoxError, Conf, StreamingContext, secs};

fn main() -> Result<(), BoxError> {
    let mut args = std::env::args().skip(1);
    let (Some(left), Some(right)) = (args.next(), args.next()) else {
        return Err(
            "which servers? give HOST:PORT twice, as in localhost:7777 localhost:7778".into()
        );
    };
    let ssc = StreamingContext::new(Conf::new("join"), secs(1))?;
    let running = ssc.start(move |s| {
        // Keys and values borrow from the received lines.
        let pairs = |target| s.socket_text_stream(target).fields('\t').parse::<(&str, &str)>();
        pairs(&left).join(&pairs(&right)).print();
        Ok(())
    })?;
    running.stop_on_signals()?;
    running.await_termination()?;
    Ok(())
}
