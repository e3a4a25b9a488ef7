//! What a run is asked to do.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::lines::TextOptions;
use crate::rate::Rate;

/// One run: which lines, how many, how fast and over how many connections.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// What the lines look like.
    pub text: TextOptions,
    /// How fast they are sent, over all connections.
    pub rate: Rate,
    /// How many are sent, over all connections; without it, no end of them.
    pub records: Option<u64>,
    /// How long they are sent: from the first client's connection when serving, else from the
    /// start. Without it, until the records are sent or the run is stopped.
    pub run_for: Option<Duration>,
    /// Sending: how many connections to open, in turns over the targets. Serving: how many clients
    /// to wait for before the first line; later ones are fed as well.
    pub connections: usize,
    /// Begin each line with the number of its connection and its own number there, both counted
    /// from 0, so that a reader can check order and loss. They come on top of `line_bytes`.
    pub numbered: bool,
    /// The most threads that send. Each has connections of its own, so there are never more of
    /// them than `connections`.
    pub threads: usize,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            text: TextOptions::default(),
            rate: Rate::Max,
            records: None,
            run_for: None,
            connections: 1,
            numbered: false,
            threads: 2,
        }
    }
}

impl Load {
    /// Refuses values that make no sense, in terms of the flags that set them.
    pub fn check(&self) -> Result<()> {
        self.text.check()?;
        if let Rate::LinesPerS(lines_per_s) = self.rate {
            Rate::from_lines_per_s(lines_per_s)?;
        }
        let refuse = |flag, at_least| {
            Err(Error::Usage(format!("{flag} is not possible: it must be at least {at_least}")))
        };
        if self.connections == 0 {
            return refuse("--connections 0", "1");
        }
        if self.records == Some(0) {
            return refuse("--records 0", "1; without the flag there is no end of them");
        }
        if self.run_for == Some(Duration::ZERO) {
            return refuse("--for 0s", "1ms; without the flag the run goes on until it is stopped");
        }
        if self.threads == 0 {
            return refuse("a number of 0 threads", "1");
        }
        Ok(())
    }

    pub(crate) fn lanes(&self) -> usize {
        self.threads.min(self.connections)
    }
}
