//! Which starts have gone on from a directory: each draws a number before it writes anything else, and appends it to
//! a list. So two copies that were gone on with without each other are told apart, whatever files they still share.

use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::frame::{Begin, Flaw, Frame, Frames, Header, Misfit, write_frame};

/// The kind of the frame of a start.
const LIFE: u8 = 1;

/// How many starts are remembered. Copies of which one has had more than so many without the other share none.
const MOST_LIVES: usize = 1024;

const CURE: &str = "bring back a copy of it; or remove it, and with it what tells whether a second copy of the \
                    directory was gone on with alone";

/// What a start draws, which no other one has.
pub(crate) type LifeId = [u8; 16];

/// A start: the how manieth it is, from 0, and what it has drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Life {
    pub(crate) number: u64,
    pub(crate) id: LifeId,
}

/// The starts that are remembered, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lives {
    first: u64,
    ids: Vec<LifeId>,
}

impl Lives {
    /// Those in a file, which must be whole.
    pub(crate) fn read(file: Bytes, expected: &Begin, path: &Path) -> Result<Lives> {
        let mut frames = Frames::of(file, expected).map_err(|misfit| misfit.of(path, CURE))?;
        let mut lives = Lives { first: frames.sequence(), ids: Vec::new() };
        loop {
            let offset = frames.offset();
            match frames.next().and_then(|frame| frame.map(|frame| id_of(&frame)).transpose()) {
                Ok(Some(id)) => lives.ids.push(id),
                Ok(None) => return Ok(lives),
                Err(flaw) => {
                    return Err(Error::Damaged {
                        file: path.display().to_string(),
                        offset,
                        found: flaw.to_string(),
                        cure: CURE.to_owned(),
                    });
                }
            }
        }
    }

    /// What is whole in a file that may be damaged, by number. Fails where it belongs to something else.
    pub(crate) fn whole_in(
        file: &Bytes,
        expected: &Begin,
    ) -> Result<BTreeMap<u64, LifeId>, Misfit> {
        match Begin::read(file).and_then(|found| found.begin.expect(expected)) {
            Err(foreign @ Misfit::Foreign { .. }) => return Err(foreign),
            Err(Misfit::Damaged(_)) | Ok(()) => {}
        }
        let frames = Frames::of_headless(file.clone(), expected);
        let whole = frames.further_on().filter_map(|(_, frame)| {
            let id = id_of(&frame).ok()?;
            Some((frame.sequence, id))
        });
        Ok(whole.collect())
    }

    /// The last ones of these; none where one in between is missing.
    pub(crate) fn of(by_number: &BTreeMap<u64, LifeId>) -> Option<Lives> {
        let first = by_number.keys().next().copied().unwrap_or_default();
        let is_row = by_number.keys().zip(first..).all(|(number, next)| *number == next);
        let lives = Lives { first, ids: by_number.values().copied().collect() };
        is_row.then(|| lives.shortened())
    }

    /// The same with one more, which has drawn `id`.
    pub(crate) fn and(mut self, id: LifeId) -> (Lives, Life) {
        let number = self.first + self.ids.len() as u64;
        self.ids.push(id);
        (self.shortened(), Life { number, id })
    }

    fn shortened(mut self) -> Lives {
        let forgotten = self.ids.len().saturating_sub(MOST_LIVES);
        self.ids.drain(..forgotten);
        self.first += forgotten as u64;
        self
    }

    /// Whether another start has gone on in the place of `life`, or behind it. A list that does not come so far does
    /// not say so.
    pub(crate) fn went_on_without(&self, life: Life) -> bool {
        let next = self.first + self.ids.len() as u64;
        let is_it = self.ids.last() == Some(&life.id);
        next > life.number.saturating_add(1) || (next == life.number.saturating_add(1) && !is_it)
    }

    /// As a file that says that it is `begin`.
    pub(crate) fn to_bytes(&self, begin: &Begin) -> Vec<u8> {
        let mut bytes = Vec::new();
        let written = begin.write(&mut bytes, self.first, self.first);
        written.expect("a vector takes what is written to it");
        for (id, number) in self.ids.iter().zip(self.first..) {
            let parts = [&id[..]];
            let header = Header::of(LIFE, number, number, &parts).expect("it is short");
            let written = write_frame(&mut bytes, begin.salt(), header, &parts);
            written.expect("a vector takes what is written to it");
        }
        bytes
    }
}

fn id_of(frame: &Frame) -> Result<LifeId, Flaw> {
    let flaw = Flaw::Kind { expected: "a start", found: frame.kind };
    match frame.kind {
        LIFE => frame.payload[..].try_into().map_err(|_| flaw),
        _ => Err(flaw),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin() -> Begin {
        Begin { job: "j".into(), directory: 7, of: "lives".into(), number: 0 }
    }

    fn lives(ids: std::ops::Range<u64>) -> Lives {
        ids.fold(Lives::default(), |lives, n| lives.and(id(n)).0)
    }

    fn id(n: u64) -> LifeId {
        u128::from(n).to_le_bytes()
    }

    #[test]
    fn a_list_comes_back_and_stays_short() {
        for starts in [0, 1, 5, MOST_LIVES as u64, 3000] {
            let list = lives(0..starts);
            let bytes = Bytes::from(list.to_bytes(&begin()));
            assert!(bytes.len() <= 256 + MOST_LIVES * 52, "{}", bytes.len());
            assert_eq!(Lives::read(bytes.clone(), &begin(), "lives".as_ref()).unwrap(), list);
            assert_eq!(
                Lives::of(&Lives::whole_in(&bytes, &begin()).unwrap()).unwrap().ids,
                list.ids
            );
            assert_eq!(list.and(id(starts)).1, Life { number: starts, id: id(starts) });
        }
    }

    #[test]
    fn who_has_gone_on_without_a_start_is_known() {
        let life = |number, n| Life { number, id: id(n) };
        let list = lives(0..3);
        assert!(!list.went_on_without(life(2, 2)), "it is the last");
        assert!(!list.went_on_without(life(3, 3)), "the list does not come so far");
        assert!(list.went_on_without(life(2, 9)), "another one is in its place");
        assert!(list.went_on_without(life(1, 1)), "another one is behind it");
        assert!(!Lives::default().went_on_without(life(0, 0)));
    }

    #[test]
    fn no_bit_of_it_can_change() {
        let bytes = lives(0..3).to_bytes(&begin());
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let refused = Lives::read(flipped.into(), &begin(), "lives".as_ref()).unwrap_err();
            let sentence = refused.to_string();
            assert!(
                sentence.contains("lives is damaged") || sentence.contains("version"),
                "{sentence}"
            );
        }
    }
}
