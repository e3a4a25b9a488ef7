//! Two lists of the starts that have gone on from a directory, one of which must be a beginning of the other.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::directory::{Life, LifeId, Lives};
use crate::frame::{Begin, Misfit};

/// What two lists come to.
#[derive(Debug, PartialEq)]
pub(super) enum History {
    /// One has all that the other has.
    One {
        /// The longer one, as a file.
        united: Bytes,
        /// Whether what there is of theirs is whole.
        is_whole_there: bool,
        /// The last start in ours, and in theirs.
        last_here: Option<Life>,
        last_there: Option<Life>,
    },
    /// Each has starts of its own, from this number on.
    Apart { number: u64 },
    /// A start is whole in neither.
    Damaged,
}

/// Brings two files together that say of themselves what `expected` does. Fails where one of them belongs to
/// something else.
pub(super) fn history(ours: &Bytes, theirs: &Bytes, expected: &Begin) -> Result<History, Misfit> {
    let of_ours = Lives::whole_in(ours, expected)?;
    let of_theirs = Lives::whole_in(theirs, expected)?;
    let differs = |(number, id): (&u64, &LifeId)| {
        of_theirs.get(number).filter(|other| *other != id).map(|_| *number)
    };
    if let Some(number) = of_ours.iter().find_map(differs) {
        return Ok(History::Apart { number });
    }
    let last =
        |of: &BTreeMap<u64, LifeId>| of.last_key_value().map(|(&number, &id)| Life { number, id });
    let (last_here, last_there) = (last(&of_ours), last(&of_theirs));
    let mut all = of_theirs.clone();
    all.extend(&of_ours);
    let is_whole = |of: &BTreeMap<u64, LifeId>, file: &Bytes| {
        Lives::of(of).is_some_and(|lives| lives.to_bytes(expected) == file[..])
    };
    let (is_whole_here, is_whole_there) = (is_whole(&of_ours, ours), is_whole(&of_theirs, theirs));
    Ok(match Lives::of(&all).filter(|_| !all.is_empty()) {
        Some(lives) => {
            let united = lives.to_bytes(expected).into();
            History::One { united, is_whole_there, last_here, last_there }
        }
        // Each is a row, and they do not meet: one is too old for anybody to say that it is a beginning of the other.
        None if is_whole_here && is_whole_there => {
            let (here, there) = (last_here.map(|l| l.number), last_there.map(|l| l.number));
            History::Apart { number: here.min(there).map_or(0, |last| last + 1) }
        }
        None => History::Damaged,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin() -> Begin {
        Begin { job: "counts".into(), directory: 7, of: "lives".into(), number: 0 }
    }

    fn file(starts: impl IntoIterator<Item = u128>) -> Bytes {
        let lives = starts.into_iter().map(u128::to_le_bytes);
        let lives = lives.fold(Lives::default(), |lives, id| lives.and(id).0);
        lives.to_bytes(&begin()).into()
    }

    fn of(ours: &Bytes, theirs: &Bytes) -> History {
        history(ours, theirs, &begin()).unwrap()
    }

    /// Both are whole, and have these last starts.
    fn one(united: &Bytes, here: (u64, u128), there: (u64, u128)) -> History {
        let life = |(number, id): (u64, u128)| Some(Life { number, id: id.to_le_bytes() });
        let (last_here, last_there) = (life(here), life(there));
        History::One { united: united.clone(), is_whole_there: true, last_here, last_there }
    }

    #[test]
    fn one_must_be_a_beginning_of_the_other() {
        let (two, three) = (file([1, 2]), file([1, 2, 3]));
        assert_eq!(of(&two, &three), one(&three, (1, 2), (2, 3)));
        assert_eq!(of(&three, &two), one(&three, (2, 3), (1, 2)));
        assert_eq!(of(&three, &file([1, 2, 4])), History::Apart { number: 2 });
        assert_eq!(of(&file([1, 5]), &file([1, 2, 3])), History::Apart { number: 1 });
    }

    #[test]
    fn what_one_has_lost_comes_from_the_other() {
        let whole = file([1, 2, 3]);
        for at in 0..whole.len() {
            let mut flipped = whole.to_vec();
            flipped[at] ^= 1 << (at % 8);
            for damaged in [flipped, whole[..at].to_vec()] {
                let damaged = Bytes::from(damaged);
                // Cut at the end of a start it is a list that is shorter.
                let History::One { united, is_whole_there: true, .. } = of(&damaged, &whole) else {
                    panic!("cut or flipped at {at}")
                };
                assert_eq!(united, whole);
                assert!(
                    matches!(of(&whole, &damaged), History::One { united, .. } if united == whole)
                );
            }
        }
        let mut damaged = whole.to_vec();
        let end = damaged.len();
        damaged[end - 60] ^= 1;
        let damaged = Bytes::from(damaged);
        assert_eq!(of(&damaged, &damaged), History::Damaged);
    }

    #[test]
    fn lists_without_a_start_in_common_are_apart() {
        assert_eq!(of(&file(0..3000), &file(0..5)), History::Apart { number: 5 });
        let longer = file(0..3000);
        assert_eq!(of(&longer, &file(0..2500)), one(&longer, (2999, 2999), (2499, 2499)));
    }
}
