//! How a command ended that did what it was asked.

use std::process::ExitCode;

/// What the figures are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// They can be trusted, and met what was asked of them.
    Good,
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
            Outcome::ObjectiveMissed => Self::from(4),
            Outcome::NotValid => Self::from(5),
        }
    }
}
