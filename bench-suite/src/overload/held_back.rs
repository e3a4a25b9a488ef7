//! What held senders back.

use std::fmt;

use serde::Serialize;

/// What held senders back, most of the time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) enum HeldBackBy {
    #[default]
    #[serde(rename = "nothing")]
    Nothing,
    #[serde(rename = "themselves")]
    Themselves,
    #[serde(rename = "the admission")]
    Admission,
    #[serde(rename = "the admission, and the budget now and then")]
    AdmissionAndBudget,
    #[serde(rename = "the memory budget")]
    Budget,
}

impl fmt::Display for HeldBackBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}
