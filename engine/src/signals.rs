//! Ctrl-C and SIGTERM: the first drains, the second ends the process.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use parking_lot::Mutex;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};

use crate::error::{Error, Result};
use crate::progress::{Notice, Progress};
use crate::status::{Status, Stop};
use crate::stderr::say;
use crate::threads::EngineThread;

const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// Watches the signals until it is dropped.
pub(crate) struct Watch {
    handle: Handle,
    _counted: Counted,
}

impl Watch {
    pub(crate) fn start(status: &Arc<Status>, progress: &Arc<Progress>) -> Result<Self> {
        let failed = |e: io::Error| Error::io("the signals could not be watched", &e);
        let counted = Counted::one_more().map_err(failed)?;
        let mut signals = Signals::new(SIGNALS).map_err(failed)?;
        let handle = signals.handle();
        let (status, progress) = (Arc::downgrade(status), Arc::downgrade(progress));
        EngineThread::spawn("signals".into(), move || {
            for (count, signal) in signals.forever().enumerate() {
                if count > 0 {
                    end_at_once(signal);
                }
                drain(&status, &progress);
            }
        })
        .map_err(failed)?;
        Ok(Watch { handle, _counted: counted })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.handle.close();
    }
}

/// A handler that was once installed stays for the life of the process. So while nobody watches,
/// it has to let a signal do what it does by default, and stop doing so when the next one watches.
struct Counted;

/// How many watch.
static WATCHES: Mutex<usize> = Mutex::new(0);

/// Whether that is none; asked by the handler.
static NOBODY_WATCHES: OnceLock<Arc<AtomicBool>> = OnceLock::new();

impl Counted {
    fn one_more() -> io::Result<Self> {
        let mut watches = WATCHES.lock();
        if NOBODY_WATCHES.get().is_none() {
            let nobody = Arc::new(AtomicBool::new(false));
            for signal in SIGNALS {
                signal_hook::flag::register_conditional_default(signal, nobody.clone())?;
            }
            NOBODY_WATCHES.get_or_init(|| nobody);
        }
        *watches += 1;
        tell_handler(*watches);
        Ok(Counted)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut watches = WATCHES.lock();
        *watches -= 1;
        tell_handler(*watches);
    }
}

fn tell_handler(watches: usize) {
    if let Some(nobody) = NOBODY_WATCHES.get() {
        nobody.store(watches == 0, Ordering::SeqCst);
    }
}

/// The order comes first: whoever is told of it may be slow.
fn drain(status: &Weak<Status>, progress: &Weak<Progress>) {
    if let Some(status) = status.upgrade() {
        status.order(Stop::Graceful);
    }
    if let Some(progress) = progress.upgrade() {
        progress.notice_aloud(&Notice::Stopping);
    }
}

/// Lets the signal do what it does to a program that does not handle it.
fn end_at_once(signal: i32) {
    if let Err(e) = signal_hook::low_level::emulate_default_handler(signal) {
        say!("signal {signal} could not be passed on: {e}");
        std::process::abort();
    }
}
