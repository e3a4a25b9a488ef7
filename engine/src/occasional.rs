//! A sentence that is worth saying now and then, however often its cause comes.

use std::time::{Duration, Instant};

const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Lets one through a minute.
#[derive(Debug, Default)]
pub(crate) struct Occasional {
    last: Option<Instant>,
}

impl Occasional {
    /// Whether it is time; if so, the next time is a minute away.
    pub(crate) fn is_time(&mut self) -> bool {
        let time = self.last.is_none_or(|last| last.elapsed() >= AGAIN_AFTER);
        if time {
            self.last = Some(Instant::now());
        }
        time
    }
}
