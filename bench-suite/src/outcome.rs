//! How a command ends: with figures and what they are worth, or refused.

use std::fmt::Display;
use std::process::{ExitCode, exit};

use crate::stderr;

/// What the figures are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// They can be trusted, and met what was asked of them.
    Good,
    /// They can be trusted, and say that something has become worse.
    Regression,
    /// They can be trusted, and did not meet what was asked of them.
    ObjectiveMissed,
    /// They cannot be trusted.
    NotValid,
}

impl Outcome {
    /// Good, or not valid.
    pub fn valid_if(is_valid: bool) -> Self {
        if is_valid { Self::Good } else { Self::NotValid }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Good => Self::SUCCESS,
            Outcome::Regression => Self::from(3),
            Outcome::ObjectiveMissed => Self::from(4),
            Outcome::NotValid => Self::from(5),
        }
    }
}

/// Ends the program: what it was asked is a mistake of usage, for this reason.
pub fn refuse(reason: impl Display) -> ! {
    stderr::tell(format_args!("error: {reason}"));
    exit(2)
}
