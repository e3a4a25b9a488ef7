//! The memory that unfinished records hold, of all receivers of an engine together: one account, and at its
//! end the longest record is dropped, whoever has it.
//!
//! A receiver's connections are its own, and no other thread can reach them. So each notes what its records
//! hold, and a bound on its longest. Once seven eighths of the account are held, a receiver that reads and
//! does not have the longest record wakes the one that may have, which then looks, and drops it. Where that
//! takes too long, because its thread works on something else, the last sixteenth is divided among the
//! receivers in equal parts, and one that holds more than its part drops its own longest: so who has little
//! goes on, and the account is overdrawn by no more than what is being read.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

/// While more than one in this many bytes is left, nothing is dropped.
const LEFT: usize = 8;

/// While more than one in this many bytes is left, nobody keeps in mind which records are the longest.
const MUCH: usize = 4;

/// One in this many bytes is for those who hold little.
const LAST: usize = 16;

/// A carriage return is kept with a line, or its length with a record.
const MOST_FRAMING_BYTES: usize = 4;

/// The account.
pub(crate) struct Unfinished {
    most_bytes: usize,
    held_bytes: AtomicUsize,
    receivers: Mutex<Vec<Arc<Noted>>>,
}

/// What a receiver has noted of itself.
struct Noted {
    /// No record of it holds more.
    longest: AtomicUsize,
    wake: Arc<dyn Fn() + Send + Sync>,
}

/// What a receiver's unfinished records hold of the account, until it is dropped.
pub(super) struct Holding {
    account: Arc<Unfinished>,
    noted: Arc<Noted>,
    bytes: usize,
    /// What each record holds, and its connection, while the account is nearly full: to look at all of them for each
    /// that is dropped would take those who send little by little a share of the thread that grows with their number.
    by_length: Option<BTreeSet<(usize, usize)>>,
}

impl Unfinished {
    /// Of so many bytes.
    pub(crate) fn new(most_bytes: usize) -> Arc<Self> {
        let (held_bytes, receivers) = (AtomicUsize::new(0), Mutex::default());
        Arc::new(Unfinished { most_bytes, held_bytes, receivers })
    }

    /// The least that is of use: while two records of the greatest length are unfinished, neither is dropped.
    pub(crate) fn least_bytes(max_line_bytes: usize) -> u64 {
        let longest = (max_line_bytes + MOST_FRAMING_BYTES) as u64;
        (2 * longest * LEFT as u64).div_ceil(LEFT as u64 - 1)
    }

    /// The most that all of them may hold.
    pub(super) fn most_bytes(&self) -> usize {
        self.most_bytes
    }

    /// A receiver takes part, which can be woken.
    pub(super) fn join(self: &Arc<Self>, wake: Arc<dyn Fn() + Send + Sync>) -> Holding {
        let noted = Arc::new(Noted { longest: AtomicUsize::new(0), wake });
        self.receivers.lock().push(noted.clone());
        Holding { account: self.clone(), noted, bytes: 0, by_length: None }
    }
}

impl Holding {
    /// The record of a connection, which held `before` bytes of memory, holds `after` now.
    pub(super) fn changed(&mut self, connection: usize, before: usize, after: usize) {
        if before == after {
            return;
        }
        self.bytes = self.bytes + after - before;
        let held = &self.account.held_bytes;
        match after > before {
            true => held.fetch_add(after - before, Ordering::Relaxed),
            false => held.fetch_sub(before - after, Ordering::Relaxed),
        };
        self.noted.longest.fetch_max(after, Ordering::Relaxed);
        if let Some(by_length) = &mut self.by_length {
            by_length.remove(&(before, connection));
            by_length.extend((after > 0).then_some((after, connection)));
        }
    }

    /// The connection whose record is to be dropped, this receiver's longest; if one is. Where another receiver may
    /// have a longer one, that is woken, to ask for itself. `records` gives what each connection's record holds, and
    /// is asked once the account gets nearly full.
    pub(super) fn longest_to_drop<R>(&mut self, records: impl FnOnce() -> R) -> Option<usize>
    where
        R: IntoIterator<Item = (usize, usize)>,
    {
        let most = self.account.most_bytes;
        let held = self.account.held_bytes.load(Ordering::Relaxed);
        if held <= most - most / LEFT {
            if held <= most - most / MUCH {
                self.by_length = None;
            }
            return None;
        }
        let (other, part) = {
            let receivers = self.account.receivers.lock();
            let others = receivers.iter().filter(|noted| !Arc::ptr_eq(noted, &self.noted));
            let other = others.max_by_key(|noted| noted.longest.load(Ordering::Relaxed));
            (other.cloned(), most / LAST / receivers.len().max(1))
        };
        let theirs = other.as_ref().map_or(0, |noted| noted.longest.load(Ordering::Relaxed));
        let must = held > most - most / LAST && self.bytes > part;
        if must || self.noted.longest.load(Ordering::Relaxed) >= theirs {
            let held_by_any = || records().into_iter().filter(|&(bytes, _)| bytes > 0).collect();
            let by_length = self.by_length.get_or_insert_with(held_by_any);
            let longest = by_length.last().copied();
            let ours = longest.map_or(0, |(bytes, _)| bytes);
            self.noted.longest.store(ours, Ordering::Relaxed);
            if must || ours >= theirs {
                return longest.map(|(_, connection)| connection);
            }
        }
        if let Some(other) = other {
            (other.wake)();
        }
        None
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.account.held_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.account.receivers.lock().retain(|noted| !Arc::ptr_eq(noted, &self.noted));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An account of 800 bytes, and receivers that take part, with how often each was woken.
    fn receivers<const N: usize>() -> (Arc<Unfinished>, [(Holding, Arc<AtomicUsize>); N]) {
        let account = Unfinished::new(800);
        let receivers = std::array::from_fn(|_| {
            let woken = Arc::new(AtomicUsize::new(0));
            let wakes = woken.clone();
            let wake = Arc::new(move || {
                wakes.fetch_add(1, Ordering::Relaxed);
            });
            (account.join(wake), woken)
        });
        (account, receivers)
    }

    /// Records that nobody may look at, for this reason.
    fn unasked(reason: &'static str) -> impl FnOnce() -> [(usize, usize); 0] {
        move || panic!("{reason}")
    }

    fn woken(by: &AtomicUsize) -> usize {
        by.swap(0, Ordering::Relaxed)
    }

    #[test]
    fn what_all_hold_together_is_bounded_and_the_longest_goes_whoever_has_it() {
        let (_account, [(mut a, a_woken), (mut b, b_woken)]) = receivers();
        a.changed(0, 0, 500);
        assert!(a.longest_to_drop(unasked("seven eighths are not held")).is_none());
        b.changed(0, 0, 100);
        b.changed(0, 100, 210);
        assert!(b.longest_to_drop(unasked("another has a longer one")).is_none());
        assert_eq!((woken(&a_woken), woken(&b_woken)), (1, 0));
        assert_eq!(a.longest_to_drop(|| [(500, 0)]), Some(0));
        a.changed(0, 500, 0);
        assert!(a.longest_to_drop(unasked("there is room again")).is_none());
        assert!(b.longest_to_drop(unasked("there is room again")).is_none());
    }

    #[test]
    fn of_the_least_two_of_the_longest_stay_and_a_third_is_one_too_many() {
        for longest in [1, 1000, 1 << 20] {
            let account = Unfinished::new(Unfinished::least_bytes(longest) as usize);
            let mut holding = account.join(Arc::new(|| {}));
            for connection in 0..2 {
                holding.changed(connection, 0, longest + 4);
                assert!(holding.longest_to_drop(unasked("there is room")).is_none());
            }
            holding.changed(2, 0, longest + 4);
            let all = (0..3).map(|connection| (longest + 4, connection));
            assert_eq!(holding.longest_to_drop(|| all), Some(2));
        }
    }

    #[test]
    fn where_the_longest_stays_who_holds_much_drops_its_own_and_who_holds_little_goes_on() {
        let (_account, [(mut a, a_woken), (mut b, _)]) = receivers();
        a.changed(0, 0, 740);
        b.changed(0, 0, 10);
        b.changed(0, 10, 25);
        assert!(
            b.longest_to_drop(unasked("it holds no more than its part of the last 50")).is_none()
        );
        assert_eq!(woken(&a_woken), 1);
        b.changed(0, 25, 26);
        assert_eq!(b.longest_to_drop(|| [(26, 0)]), Some(0));
        b.changed(0, 26, 0);
        assert_eq!(a.longest_to_drop(|| [(740, 0)]), Some(0));
    }

    #[test]
    fn a_receiver_whose_longest_is_gone_wakes_who_has_it_now() {
        let (_account, [(mut a, a_woken), (mut b, b_woken)]) = receivers();
        a.changed(0, 0, 400);
        a.changed(0, 400, 0);
        a.changed(0, 0, 10);
        b.changed(0, 0, 350);
        b.changed(1, 0, 350);
        assert!(
            b.longest_to_drop(unasked("as far as is known, another has a longer one")).is_none()
        );
        assert_eq!(woken(&a_woken), 1);
        assert_eq!(a.longest_to_drop(|| [(10, 0)]), None);
        assert_eq!(woken(&b_woken), 1);
        assert_eq!(b.longest_to_drop(|| [(350, 0), (350, 1)]), Some(1));
    }

    #[test]
    fn records_are_looked_at_once_while_there_is_little_room() {
        let (_account, [(mut a, _)]) = receivers();
        for connection in 0..8 {
            a.changed(connection, 0, 95 + connection);
        }
        let all = (0..8).map(|connection| (95 + connection, connection));
        assert_eq!(a.longest_to_drop(|| all), Some(7));
        a.changed(7, 102, 0);
        a.changed(0, 95, 115);
        assert_eq!(a.longest_to_drop(unasked("it is known")), Some(0));
        a.changed(0, 115, 0);
        assert_eq!(a.longest_to_drop(unasked("there is room")), None);
        a.changed(0, 0, 120);
        assert_eq!(a.longest_to_drop(|| [(120, 0), (130, 5)]), Some(5), "looked at again");
    }

    #[test]
    fn who_has_gone_holds_nothing_and_is_not_woken() {
        let (account, [(mut a, a_woken), (mut b, _)]) = receivers();
        a.changed(0, 0, 750);
        drop(a);
        b.changed(0, 0, 700);
        assert!(b.longest_to_drop(unasked("there is room")).is_none());
        b.changed(0, 700, 701);
        assert_eq!(b.longest_to_drop(|| [(701, 0)]), Some(0));
        drop(b);
        assert_eq!((woken(&a_woken), account.held_bytes.load(Ordering::Relaxed)), (0, 0));
        assert!(account.receivers.lock().is_empty());
    }
}
