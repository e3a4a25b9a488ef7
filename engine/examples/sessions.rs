//! Follows users through their sessions: lines of a user and an event, with a space or a tab
//! between. A session ends when its user has been idle for a while: 30 seconds, or what is given.
//!
//!     nc -lk 7777                                              # in one terminal; then type: ann login
//!     cargo run --release --example sessions localhost:7777 10 # in another

use millstream::{BoxError, Conf, StateSpec, StreamingContext, secs};

fn main() -> Result<(), BoxError> {
    let mut args = std::env::args().skip(1);
    let target = args.next().ok_or("which server? give HOST:PORT, as in localhost:7777")?;
    let idle = args.next().map_or(Ok(30), |seconds| seconds.parse());
    let idle = secs(idle.map_err(|e| format!("after how many seconds is a session over? {e}"))?);
    let ssc = StreamingContext::new(Conf::new("sessions"), secs(1))?;
    let running = ssc.start(move |s| {
        let lines = s.socket_text_stream(&target);
        let events = lines.flat_map(|line| line.split_once([' ', '\t']));
        let spec = StateSpec::new().timeout(idle);
        let sessions = events.map_with_state(spec, |user, event, state| {
            let so_far: u64 = state.get().copied().unwrap_or(0);
            match event {
                Some(event) => {
                    state.update(so_far + 1);
                    format!("{user}: {event} is event {} of the session", so_far + 1)
                }
                None => format!("{user}: the session is over, events in all: {so_far}"),
            }
        });
        sessions.named("sessions").print();
        Ok(())
    })?;
    running.stop_on_signals()?;
    running.await_termination()?;
    Ok(())
}
