//! Ctrl-C and SIGTERM: the first drains, the second ends the process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};

use crate::error::{Error, Result};
use crate::status::{Status, Stop};
use crate::stderr::say;
use crate::threads::EngineThread;

/// Watches the signals until it is dropped.
pub(crate) struct Watch {
    handle: Handle,
    /// Raised when nobody watches any more: then a signal does again what it does by default.
    over: Arc<AtomicBool>,
}

impl Watch {
    pub(crate) fn start(status: &Arc<Status>) -> Result<Self> {
        let failed = |e: std::io::Error| Error::io("the signals could not be watched", &e);
        let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
        let handle = signals.handle();
        let over = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register_conditional_default(signal, over.clone())
                .map_err(failed)?;
        }
        let status = Arc::downgrade(status);
        EngineThread::spawn("signals".into(), move || {
            for (count, signal) in signals.forever().enumerate() {
                if count > 0 {
                    end_at_once(signal);
                }
                drain(&status);
            }
        })
        .map_err(failed)?;
        Ok(Watch { handle, over })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        self.handle.close();
    }
}

fn drain(status: &Weak<Status>) {
    if let Some(status) = status.upgrade() {
        status.order(Stop::Graceful);
    }
    say!("stopping: what has been received is processed first; once more ends it at once");
}

/// Lets the signal do what it does to a program that does not handle it.
fn end_at_once(signal: i32) {
    if let Err(e) = signal_hook::low_level::emulate_default_handler(signal) {
        say!("signal {signal} could not be passed on: {e}");
        std::process::abort();
    }
}
