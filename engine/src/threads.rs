//! The engine's own threads.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use parking_lot::Mutex;

use crate::stderr::say;

/// A thread of the engine. A panic in one is a defect of the engine, after which nothing can be
/// promised, so it ends the process, loudly; users' panics are caught before they get here.
pub(crate) struct EngineThread {
    /// Nothing is ever sent: the thread's end closes it.
    ended: Mutex<Receiver<()>>,
}

impl EngineThread {
    pub(crate) fn spawn(name: String, work: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let (alive, ended) = channel();
        let loud = name.clone();
        std::thread::Builder::new().name(name).spawn(move || {
            if catch_unwind(AssertUnwindSafe(work)).is_err() {
                say!("the {loud} thread panicked, as said above; the process ends");
                std::process::abort();
            }
            drop(alive);
        })?;
        Ok(EngineThread { ended: Mutex::new(ended) })
    }

    /// Waits for its end, for at most `limit`; says whether it has ended.
    pub(crate) fn wait(&self, limit: Duration) -> bool {
        matches!(self.ended.lock().recv_timeout(limit), Err(RecvTimeoutError::Disconnected))
    }

    /// Waits for its end, however late that is.
    pub(crate) fn wait_for_its_end(&self) {
        self.ended.lock().iter().for_each(drop);
    }
}
