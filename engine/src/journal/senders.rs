//! How far the lines of senders are logged that want them acknowledged: a part of each checkpoint, for the log
//! behind it is collected.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::durable::{from_bytes, to_bytes};
use crate::intake::{Reached, Senders};

/// Senders by the name of their source. Of a source that is gone they are kept: it may come back, and its
/// senders go on where they were.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct SendersBySource(BTreeMap<Arc<str>, Senders>);

impl SendersBySource {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        from_bytes(bytes)
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        to_bytes(self).expect("names and numbers can be written down")
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes that a parcel of `source` is logged, which brings its senders so far.
    pub(super) fn note(&mut self, source: &Arc<str>, reached: &Reached) {
        if reached.is_empty() {
            return;
        }
        let senders = self.0.entry(source.clone()).or_default();
        for (name, &below) in reached {
            senders.restore(name.clone(), below);
        }
    }

    /// How far those of a source have come.
    pub(crate) fn of(&self, source: &str) -> Senders {
        self.0.get(source).cloned().unwrap_or_default()
    }

    /// The sources that are none of `names`.
    pub(crate) fn others<'s>(&'s self, names: &'s [&str]) -> impl Iterator<Item = &'s str> {
        self.0.keys().map(|source| &**source).filter(|source| !names.contains(source))
    }
}
