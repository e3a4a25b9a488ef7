//! Ctrl-C in the middle of many runs: what is over is kept, and the one that goes on is not.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Error, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Whether Ctrl-C or SIGTERM was given. The second one ends the process at once.
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on.
    pub(crate) fn listen() -> Result<Self> {
        let given = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            let could_not = "the signals could not be watched";
            flag::register_conditional_shutdown(signal, 130, given.clone()).context(could_not)?;
            flag::register(signal, given.clone()).context(could_not)?;
        }
        Ok(Interrupt(given))
    }

    pub(crate) fn is_there(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Why something has failed: once it is there, because of it, whatever else the error says.
    pub(crate) fn why(&self, error: Error) -> Error {
        if self.is_there() { Interrupted.into() } else { error }
    }

    /// Fails once it is there.
    pub(crate) fn check(&self) -> Result<()> {
        if self.is_there() { Err(Interrupted.into()) } else { Ok(()) }
    }
}

/// It was stopped before it was over.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stopped before it was over")
    }
}

impl std::error::Error for Interrupted {}
