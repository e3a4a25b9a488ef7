//! Ctrl-C and SIGTERM: the first drains, the second ends the process.

use std::sync::{Arc, Weak};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};

use crate::error::{Error, Result};
use crate::status::{Status, Stop};
use crate::threads::EngineThread;

/// Watches the signals until it is dropped.
pub(crate) struct Watch(Handle);

impl Watch {
    pub(crate) fn start(status: &Arc<Status>) -> Result<Self> {
        let failed = |e: std::io::Error| Error::io("the signals could not be watched", &e);
        let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(failed)?;
        let handle = signals.handle();
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
        Ok(Watch(handle))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn drain(status: &Weak<Status>) {
    eprintln!(
        "millstream: stopping: what has been received is processed first; once more ends it at once"
    );
    if let Some(status) = status.upgrade() {
        status.order(Stop::Graceful);
    }
}

/// Lets the signal do what it does to a program that does not handle it.
fn end_at_once(signal: i32) {
    if let Err(e) = signal_hook::low_level::emulate_default_handler(signal) {
        eprintln!("millstream: signal {signal} could not be passed on: {e}");
        std::process::abort();
    }
}
