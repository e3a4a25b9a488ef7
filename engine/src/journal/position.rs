//! Where in the logs a checkpoint stands: what is in it, and what comes behind it.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::records::ranges;
use super::senders::SendersBySource;
use super::{POSITION, SENDERS};
use crate::checkpoint::Parts;
use crate::durable::{from_bytes, to_bytes};
use crate::error::{Error, Result};

/// Where in the logs a checkpoint stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// The frames of the log of batches from here on are of later batches.
    pub(super) batches_from: u64,
    /// The parcels before this frame are in it.
    pub(super) blocks_from: u64,
    /// So are these behind it, as ranges without their ends.
    pub(super) blocks_in_it: Vec<(u64, u64)>,
}

impl Position {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        to_bytes(self).expect("numbers can be written down")
    }

    /// Whether a parcel is in it.
    pub(super) fn has_parcel(&self, frame: u64) -> bool {
        let is_in = |&(first, end): &(u64, u64)| (first..end).contains(&frame);
        frame < self.blocks_from || self.blocks_in_it.iter().any(is_in)
    }
}

/// What a checkpoint has for its journal.
#[derive(Default)]
pub(super) struct Split {
    pub(super) position: Position,
    pub(super) senders: SendersBySource,
    /// The others.
    pub(super) parts: Option<Parts>,
}

/// Takes out of what a checkpoint has what the journal has put there.
pub(super) fn split(parts: Option<Parts>, directory: &Path) -> Result<Split> {
    let Some(mut parts) = parts else { return Ok(Split::default()) };
    let unreadable = |what, reason| Error::Unreadable {
        what: format!("the {what} of the checkpoint in {}", directory.display()),
        reason,
    };
    let mut take = |part| {
        let at = parts.iter().position(|(name, _)| name == part)?;
        Some(parts.remove(at).1)
    };
    let position = take(POSITION).ok_or_else(|| unreadable(POSITION, "it has none".into()))?;
    let position = from_bytes(&position).map_err(|reason| unreadable(POSITION, reason))?;
    let senders = match take(SENDERS) {
        Some(bytes) => {
            SendersBySource::read(&bytes).map_err(|reason| unreadable(SENDERS, reason))?
        }
        None => SendersBySource::default(),
    };
    Ok(Split { position, senders, parts: Some(parts) })
}

/// Which parcels are logged and in no batch.
pub(super) struct Standing(BTreeSet<u64>);

impl Standing {
    pub(super) fn of(waiting: BTreeSet<u64>) -> Self {
        Standing(waiting)
    }

    pub(super) fn logged(&mut self, frame: u64) {
        self.0.insert(frame);
    }

    pub(super) fn assigned(&mut self, frames: &[(u64, u64)]) {
        for &(first, end) in frames {
            (first..end).for_each(|frame| {
                self.0.remove(&frame);
            });
        }
    }

    /// Where a checkpoint stands that has all batches so far, with the logs as long as this.
    pub(super) fn position(&self, batches_next: u64, blocks_next: u64) -> Position {
        let blocks_from = self.0.first().copied().unwrap_or(blocks_next);
        let in_it = (blocks_from..blocks_next).filter(|frame| !self.0.contains(frame));
        Position { batches_from: batches_next, blocks_from, blocks_in_it: ranges(in_it.collect()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_has_what_batches_were_given_and_nothing_else() {
        let mut standing = Standing::of(BTreeSet::from([3]));
        (4..10).for_each(|frame| standing.logged(frame));
        standing.assigned(&[(3, 5), (6, 8)]);
        let position = standing.position(20, 10);
        assert_eq!((position.batches_from, position.blocks_from), (20, 5));
        let waiting: Vec<u64> = (0..10).filter(|frame| !position.has_parcel(*frame)).collect();
        assert_eq!(waiting, [5, 8, 9]);
        standing.assigned(&[(5, 6), (8, 10)]);
        assert_eq!(standing.position(21, 10).blocks_from, 10);
    }
}
