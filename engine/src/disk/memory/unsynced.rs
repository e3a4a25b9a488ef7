//! What of a disk in memory is durable and what is not: the bytes of a file, write by write, and
//! the names of a directory, change by change.
//!
//! After a sync of a file that has failed nobody knows what it has made durable, and no later one
//! does so: the system may think that it has written what it has not. What it knows of names is in
//! its journal, and a later sync is as good as the first.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::ops::Range;

/// What a sector of a disk holds. It is written whole or not at all.
const SECTOR_BYTES: usize = 512;

/// The bytes of a file that is written from front to back.
#[derive(Clone, Default)]
pub(super) struct Content {
    bytes: Vec<u8>,
    /// In order, without an empty one.
    unsynced: Vec<Write>,
}

#[derive(Clone)]
struct Write {
    range: Range<usize>,
    /// Whether a sync of it has failed.
    given_up: bool,
}

/// Something of a file that a power failure may take.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// The bytes of a write in one sector.
    Piece(Range<usize>),
    /// The length that a write has given it.
    Length(usize),
}

/// The names in a directory, with the nodes that they lead to.
#[derive(Clone, Default)]
pub(super) struct Entries {
    now: BTreeMap<OsString, usize>,
    durable: BTreeMap<OsString, usize>,
    /// In order: each name, and what it leads to from then on.
    unsynced: Vec<(OsString, Option<usize>)>,
}

impl Content {
    /// Bytes that are durable.
    pub(super) fn durable(bytes: Vec<u8>) -> Self {
        Content { bytes, unsynced: Vec::new() }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Adds what one write gives, of its parts the first `most_bytes`.
    pub(super) fn append<'p>(
        &mut self,
        parts: impl IntoIterator<Item = &'p [u8]>,
        most_bytes: usize,
    ) {
        let start = self.bytes.len();
        for part in parts {
            let room = most_bytes - (self.bytes.len() - start);
            self.bytes.extend_from_slice(&part[..part.len().min(room)]);
        }
        if self.bytes.len() > start {
            self.unsynced.push(Write { range: start..self.bytes.len(), given_up: false });
        }
    }

    pub(super) fn sync(&mut self) {
        self.unsynced.retain(|write| write.given_up);
    }

    pub(super) fn sync_failed(&mut self) {
        self.unsynced.iter_mut().for_each(|write| write.given_up = true);
    }

    /// What a power failure leaves, where `survives` says of each part whether it is among it.
    pub(super) fn left(&self, mut survives: impl FnMut(Part) -> bool) -> Vec<u8> {
        let (mut left, mut length) = (self.bytes.clone(), self.bytes.len());
        let writes = || self.unsynced.iter().map(|write| write.range.clone());
        for write in writes().rev() {
            if write.end == length {
                length = write.start;
            }
        }
        for piece in writes().flat_map(by_sector) {
            if survives(Part::Piece(piece.clone())) {
                length = length.max(piece.end);
            } else {
                left[piece].fill(0);
            }
        }
        for write in writes() {
            if write.end > length && survives(Part::Length(write.end)) {
                length = write.end;
            }
        }
        left.truncate(length);
        left
    }
}

/// The parts of a range that lie in a sector each.
fn by_sector(range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let sectors = range.start / SECTOR_BYTES..range.end.div_ceil(SECTOR_BYTES);
    sectors.map(move |sector| {
        let start = sector * SECTOR_BYTES;
        range.start.max(start)..range.end.min(start + SECTOR_BYTES)
    })
}

impl Entries {
    /// Names that are durable.
    pub(super) fn durable(names: BTreeMap<OsString, usize>) -> Self {
        Entries { now: names.clone(), durable: names, unsynced: Vec::new() }
    }

    pub(super) fn names(&self) -> &BTreeMap<OsString, usize> {
        &self.now
    }

    /// Has a name lead to a node, or to nothing.
    pub(super) fn set(&mut self, name: OsString, node: Option<usize>) {
        apply(&mut self.now, name.clone(), node);
        self.unsynced.push((name, node));
    }

    /// Has a name lead to a node, for good.
    pub(super) fn set_durably(&mut self, name: &OsStr, node: usize) {
        self.unsynced.retain(|(changed, _)| changed != name);
        for names in [&mut self.now, &mut self.durable] {
            names.insert(name.to_owned(), node);
        }
    }

    pub(super) fn sync(&mut self) {
        self.durable.clone_from(&self.now);
        self.unsynced.clear();
    }

    /// What a power failure leaves, where `survives` says of each change whether it is among it.
    pub(super) fn left(
        &self,
        mut survives: impl FnMut(&OsStr) -> bool,
    ) -> BTreeMap<OsString, usize> {
        let mut left = self.durable.clone();
        for (name, node) in &self.unsynced {
            if survives(name) {
                apply(&mut left, name.clone(), *node);
            }
        }
        left
    }
}

fn apply(names: &mut BTreeMap<OsString, usize>, name: OsString, node: Option<usize>) {
    match node {
        Some(node) => names.insert(name, node),
        None => names.remove(&name),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(writes: &[usize]) -> Content {
        let mut content = Content::default();
        for &bytes in writes {
            content.append([&[b'x'; 4096][..bytes]], bytes);
        }
        content
    }

    #[test]
    fn a_write_survives_sector_by_sector_and_what_is_missing_is_zero() {
        let mut content = content(&[500]);
        content.sync();
        content.append([&[b'y'; 600][..], &[b'z'; 600][..]], 1000);
        let mut asked = Vec::new();
        let left = content.left(|part| {
            asked.push(part.clone());
            part == Part::Piece(1024..1500)
        });
        assert_eq!(asked, [500..512, 512..1024, 1024..1500].map(Part::Piece));
        assert_eq!(left.len(), 1500);
        assert_eq!((&left[..500], &left[500..1024]), (&[b'x'; 500][..], &[0; 524][..]));
        assert_eq!(left[1024..], [&[b'y'; 76][..], &[b'z'; 400][..]].concat());
        assert_eq!(content.left(|_| false).len(), 500);
        assert_eq!(content.left(|part| part == Part::Piece(512..1024)).len(), 1024);
        let longer = content.left(|part| part == Part::Length(1500));
        assert_eq!(longer[500..], [0; 1000]);
    }

    #[test]
    fn what_a_failed_sync_has_given_up_no_later_one_makes_durable() {
        let mut content = content(&[10]);
        content.sync_failed();
        content.append([&b"later"[..]], 5);
        content.sync();
        let left = content.left(|_| false);
        assert_eq!(left, [&[0; 10][..], b"later"].concat());
    }

    #[test]
    fn of_the_names_given_and_taken_any_may_survive() {
        let mut entries = Entries::durable(BTreeMap::from([("old".into(), 1)]));
        entries.set("new".into(), Some(1));
        entries.set("old".into(), None);
        let names = |given: bool, taken: bool| {
            let left = entries.left(|name| if name == "new" { given } else { taken });
            left.into_keys().collect::<Vec<_>>()
        };
        assert_eq!(names(false, false), ["old"]);
        assert_eq!(names(true, false), ["new", "old"]);
        assert_eq!(names(true, true), ["new"]);
        assert_eq!(names(false, true), [""; 0]);
        entries.sync();
        assert_eq!(entries.left(|_| false).into_keys().collect::<Vec<_>>(), ["new"]);
    }
}
