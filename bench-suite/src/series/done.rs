//! A run of a series that is over.

use serde::{Deserialize, Serialize};

use super::{Point, Run};

/// A run of a series that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// Which side's, in a comparison.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub side: String,
    /// Of which point.
    pub point: Point,
    /// Which turn, from 0.
    pub turn: usize,
    /// What it came to, or why to nothing.
    #[serde(with = "ran")]
    pub outcome: Result<Run, String>,
}

/// An outcome as a field: `{"run": ..}` or `{"failed": "why"}`.
mod ran {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Run;

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Owned {
        Run(Box<Run>),
        Failed(String),
    }

    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case")]
    enum Lent<'a> {
        Run(&'a Run),
        Failed(&'a str),
    }

    pub(super) fn serialize<S: Serializer>(
        outcome: &Result<Run, String>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        outcome.as_ref().map_or_else(|e| Lent::Failed(e), Lent::Run).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Result<Run, String>, D::Error> {
        Ok(match Owned::deserialize(deserializer)? {
            Owned::Run(run) => Ok(*run),
            Owned::Failed(reason) => Err(reason),
        })
    }
}
