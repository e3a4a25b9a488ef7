//! Tells of a replica that takes long.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::occasional::Occasional;

/// Tells of a replica that is there, and has been at one thing for long.
pub(super) struct Slow {
    address: String,
    warn: Warn,
    /// What becomes of the job until it has answered.
    meanwhile: &'static str,
    said: Mutex<Occasional>,
}

/// Who hears sentences for whoever runs the job.
pub(crate) type Warn = Arc<dyn Fn(String) + Send + Sync>;

impl Slow {
    pub(super) fn new(address: String, warn: Warn, meanwhile: &'static str) -> Slow {
        Slow { address, warn, meanwhile, said: Mutex::default() }
    }

    /// It is waited for, and has been at it for so long.
    pub(super) fn is_at_it(&self, waited: Duration) {
        if self.said.lock().is_time() {
            (self.warn)(format!(
                "the replica at {} has been at it for {:.1} s, and is not done; until it is {}",
                self.address,
                waited.as_secs_f64(),
                self.meanwhile
            ));
        }
    }
}
