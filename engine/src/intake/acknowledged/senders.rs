//! How far the lines of each sender have come: the table that outlives the process.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// What one sequence of lines is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SenderName(Arc<str>);

/// The longest name, in bytes.
const MOST_NAME_BYTES: usize = 64;

impl SenderName {
    /// Nothing where this is no name.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let is_of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let is_name = (1..=MOST_NAME_BYTES).contains(&name.len()) && name.bytes().all(is_of_a_name);
        is_name.then(|| SenderName(name.into()))
    }
}

impl fmt::Display for SenderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for SenderName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SenderName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::new(&name).ok_or_else(|| de::Error::custom(format!("{name:?} is no sender's name")))
    }
}

/// The numbers of one sender's next lines.
#[derive(Clone, Copy, Debug, Default)]
struct Next {
    /// Of the line that is taken in next.
    taken_in: u64,
    /// Of the first line that a crash could lose; not above `taken_in`.
    durable: u64,
}

/// How far each sender's lines have come.
///
/// Written down, it is what is durable: what a crash leaves of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Senders {
    next: HashMap<SenderName, Next>,
}

impl Senders {
    /// Notes, before the first connection, that the lines below this are durable, as a log tells.
    pub(crate) fn restore(&mut self, name: SenderName, below: u64) {
        let next = self.next.entry(name).or_default();
        next.durable = next.durable.max(below);
        next.taken_in = next.durable;
    }

    /// The number of the first line that is not durable; 0 of a sender that is not known.
    pub(crate) fn durable(&self, name: &SenderName) -> u64 {
        self.next.get(name).map_or(0, |next| next.durable)
    }

    /// The number of the line that is taken in next.
    pub(super) fn taken_in(&self, name: &SenderName) -> u64 {
        self.next.get(name).map_or(0, |next| next.taken_in)
    }

    /// Whether all that is taken in is durable.
    pub(super) fn is_settled(&self, name: &SenderName) -> bool {
        self.taken_in(name) == self.durable(name)
    }

    /// Whether all that is taken in is durable, of every sender.
    pub(super) fn all_is_durable(&self) -> bool {
        self.next.values().all(|next| next.taken_in == next.durable)
    }

    /// Makes room for a sender; says whether there is any, where so many may be known.
    pub(super) fn admit(&mut self, name: &SenderName, most: usize) -> bool {
        let is_known = self.next.contains_key(name);
        if !is_known && self.next.len() >= most {
            return false;
        }
        self.next.entry(name.clone()).or_default();
        true
    }

    /// Forgets a sender that has no connection any more, if it never had a line.
    pub(super) fn release(&mut self, name: &SenderName) {
        if self.next.get(name).is_some_and(|next| next.taken_in == 0) {
            self.next.remove(name);
        }
    }

    /// Numbers the next lines of a sender that was admitted. Gives the number of the first, or
    /// nothing where there are no such numbers.
    pub(super) fn take_in(&mut self, name: &SenderName, lines: u64) -> Option<u64> {
        let next = self.next.get_mut(name)?;
        let first = next.taken_in;
        next.taken_in = first.checked_add(lines)?;
        Some(first)
    }

    /// Notes that the lines below this are durable.
    ///
    /// # Panics
    ///
    /// If they were not taken in: a log that has what nobody was given must not be believed.
    pub(super) fn make_durable(&mut self, name: &SenderName, below: u64) {
        let taken_in = self.taken_in(name);
        assert!(below <= taken_in, "{name}: durable below {below}, and taken in below {taken_in}");
        if let Some(next) = self.next.get_mut(name) {
            next.durable = next.durable.max(below);
        }
    }
}

impl Serialize for Senders {
    /// In the order of their names, so that the same table gives the same bytes.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let durable = self.next.iter().map(|(name, next)| (name, next.durable));
        let sorted: BTreeMap<_, _> = durable.filter(|&(_, durable)| durable > 0).collect();
        serializer.collect_map(sorted)
    }
}

impl<'de> Deserialize<'de> for Senders {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut senders = Self::default();
        for (name, durable) in BTreeMap::deserialize(deserializer)? {
            senders.restore(name, durable);
        }
        Ok(senders)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::durable::{from_bytes, to_bytes};

    fn name(name: &str) -> SenderName {
        SenderName::new(name).unwrap()
    }

    #[test]
    fn names_are_short_and_plain() {
        for good in ["a", "sensor-7", "A.b_c-9", &"x".repeat(64)] {
            assert_eq!(name(good).to_string(), good);
        }
        for bad in ["", " ", "a b", "é", "a\r", "a/b", &"x".repeat(65)] {
            assert_eq!(SenderName::new(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_written_down_is_what_a_crash_leaves() {
        let mut senders = Senders::default();
        for (sender, lines, durable) in [("b", 7, 5), ("a", 3, 3), ("new", 2, 0)] {
            assert!(senders.admit(&name(sender), 10));
            assert_eq!(senders.take_in(&name(sender), lines), Some(0));
            senders.make_durable(&name(sender), durable);
        }
        let bytes = to_bytes(&senders).unwrap();
        let mut left: Senders = from_bytes(&bytes).unwrap();
        assert_eq!(to_bytes(&left).unwrap(), bytes);
        let next = ["a", "b", "new"].map(|sender| left.taken_in(&name(sender)));
        assert_eq!((next, left.next.len()), ([3, 5, 0], 2));
        // A log that goes on behind the table, and one that is behind it.
        left.restore(name("a"), 9);
        left.restore(name("b"), 4);
        assert_eq!([left.durable(&name("a")), left.durable(&name("b"))], [9, 5]);
    }

    #[test]
    fn a_table_with_a_name_that_is_none_is_refused() {
        let bytes = to_bytes(&BTreeMap::from([("a b", 1u64)])).unwrap();
        let refusal = from_bytes::<Senders>(&bytes).unwrap_err();
        assert!(refusal.contains("\"a b\" is no sender's name"), "{refusal}");
    }

    #[test]
    fn those_that_never_had_a_line_take_no_room() {
        let mut senders = Senders::default();
        for number in 0..10 {
            let sender = name(&format!("s{number}"));
            assert!(senders.admit(&sender, 2), "{number}");
            assert!(senders.take_in(&sender, u64::from(number == 0)).is_some());
            senders.release(&sender);
        }
        assert!(senders.admit(&name("s1"), 2) && !senders.admit(&name("s2"), 2));
        assert!(senders.admit(&name("s0"), 2), "it is known");
    }

    #[test]
    fn numbers_end() {
        let mut senders = Senders::default();
        senders.restore(name("a"), u64::MAX - 1);
        assert_eq!(senders.take_in(&name("a"), 1), Some(u64::MAX - 1));
        assert_eq!(senders.take_in(&name("a"), 1), None);
        assert_eq!(senders.take_in(&name("a"), 0), Some(u64::MAX));
    }

    #[test]
    #[should_panic(expected = "a: durable below 2, and taken in below 1")]
    fn a_log_with_lines_that_nobody_took_in_is_not_believed() {
        let mut senders = Senders::default();
        senders.admit(&name("a"), 1);
        senders.take_in(&name("a"), 1);
        senders.make_durable(&name("a"), 2);
    }
}
