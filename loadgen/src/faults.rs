//! What is to go wrong on a connection, so that a receiver can be tried against a bad network.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::time;

/// The faults of a run's connections; the seed decides when they happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Write in pieces of one to so many bytes, each by itself.
    pub chop_bytes: Option<usize>,
    /// Send at most so many bytes a second on each connection, a few at a time.
    pub bytes_per_s: Option<u64>,
    /// Fall silent now and then, in the middle of a line.
    pub stall: Option<Stall>,
    /// End each connection after so many lines. When sending, a new one is dialled in its place.
    pub lines_per_connection: Option<u64>,
    /// How connections end.
    pub end: End,
}

/// A silence that comes again and again; each connection begins at another moment.
///
/// Written as `1s/10s`: a second in every ten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    /// How long it is.
    pub length: Duration,
    /// From one to the next.
    pub every: Duration,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// With all that was sent delivered.
    #[default]
    Close,
    /// With a half-close: no more will come, and the other side is waited for.
    HalfClose,
    /// With a reset: what the reader has not read by then is lost to it.
    Reset,
}

impl Faults {
    /// Refuses values that make no sense, in terms of the flags that set them.
    pub(crate) fn check(&self) -> Result<()> {
        if self.chop_bytes == Some(0) {
            return Err(Error::Usage("--chop 0 is not possible: it must be at least 1".into()));
        }
        if self.bytes_per_s == Some(0) {
            return Err(Error::Usage(
                "--bytes-per-s 0 is not possible: it must be at least 1".into(),
            ));
        }
        if self.lines_per_connection == Some(0) {
            return Err(Error::Usage(
                "--lines-per-connection 0 is not possible: it must be at least 1".into(),
            ));
        }
        match self.stall {
            Some(stall) if stall.length.is_zero() || stall.length >= stall.every => {
                Err(Error::Usage(format!(
                    "--stall {stall} is not possible: the silence must be longer than 0s and \
                     shorter than the time from one to the next"
                )))
            }
            _ => Ok(()),
        }
    }
}

impl FromStr for Stall {
    type Err = Error;

    fn from_str(written: &str) -> Result<Self> {
        let read = || {
            let (length, every) = written.split_once('/')?;
            let time = |text| humantime::parse_duration(text).ok();
            Some(Self { length: time(length)?, every: time(every)? })
        };
        read().ok_or_else(|| {
            Error::Usage(format!(
                "{written:?} is no silence: write how long and how often, as in 1s/10s"
            ))
        })
    }
}

impl fmt::Display for Stall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", time::written(self.length), time::written(self.every))
    }
}
