//! The memory that unfinished records hold, of all receivers of an engine together: one account, and at its
//! end the longest record is dropped, whoever has it.
//!
//! A receiver's connections are its own, and no other thread can reach them. So each notes what its records
//! hold, and a bound on its longest. Once seven eighths of the account are held, a receiver that reads and
//! does not have the longest record wakes the one that may have, which then looks, and drops it. Where that
//! takes too long, because its thread works on something else, the last sixteenth is divided among the
//! receivers in equal parts, and one that holds more than its part drops its own longest: so who has little
//! goes on, and the account is overdrawn by no more than what is being read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

/// While more than one in this many bytes is left, nothing is dropped.
const LEFT: usize = 8;

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
        Holding { account: self.clone(), noted, bytes: 0 }
    }
}

impl Holding {
    /// A record that held `before` bytes of memory holds `after` now.
    pub(super) fn changed(&mut self, before: usize, after: usize) {
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
    }

    /// Whether a record of this receiver's is to be dropped, the longest. What that holds, `longest` finds out:
    /// it is asked where the answer may be yes. Where it is no, and a record must go, whoever may have the
    /// longest is woken, to ask for itself.
    pub(super) fn is_to_drop(&self, longest: impl FnOnce() -> usize) -> bool {
        let most = self.account.most_bytes;
        let held = self.account.held_bytes.load(Ordering::Relaxed);
        if held <= most - most / LEFT {
            return false;
        }
        let receivers = self.account.receivers.lock();
        let others = receivers.iter().filter(|noted| !Arc::ptr_eq(noted, &self.noted));
        let of = |noted: &&Arc<Noted>| noted.longest.load(Ordering::Relaxed);
        let longest_of_others = others.max_by_key(of);
        let theirs = longest_of_others.as_ref().map_or(0, of);
        let part = most / LAST / receivers.len().max(1);
        let must = held > most - most / LAST && self.bytes > part;
        let mut ours = self.noted.longest.load(Ordering::Relaxed);
        if must || ours >= theirs {
            ours = longest();
            self.noted.longest.store(ours, Ordering::Relaxed);
        }
        if ours > 0 && (must || ours >= theirs) {
            return true;
        }
        let other = longest_of_others.cloned();
        drop(receivers);
        if let Some(other) = other {
            (other.wake)();
        }
        false
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

    fn woken(by: &AtomicUsize) -> usize {
        by.swap(0, Ordering::Relaxed)
    }

    #[test]
    fn what_all_hold_together_is_bounded_and_the_longest_goes_whoever_has_it() {
        let (_account, [(mut a, a_woken), (mut b, b_woken)]) = receivers();
        a.changed(0, 500);
        assert!(!a.is_to_drop(|| panic!("seven eighths are not held")));
        b.changed(0, 100);
        b.changed(100, 210);
        assert!(!b.is_to_drop(|| panic!("another has a longer one")));
        assert_eq!((woken(&a_woken), woken(&b_woken)), (1, 0));
        assert!(a.is_to_drop(|| 500));
        a.changed(500, 0);
        assert!(!a.is_to_drop(|| panic!("there is room again")));
        assert!(!b.is_to_drop(|| panic!("there is room again")));
    }

    #[test]
    fn of_the_least_two_of_the_longest_stay_and_a_third_is_one_too_many() {
        for longest in [1, 1000, 1 << 20] {
            let account = Unfinished::new(Unfinished::least_bytes(longest) as usize);
            let mut holding = account.join(Arc::new(|| {}));
            for _ in 0..2 {
                holding.changed(0, longest + 4);
                assert!(!holding.is_to_drop(|| longest + 4));
            }
            holding.changed(0, longest + 4);
            assert!(holding.is_to_drop(|| longest + 4));
        }
    }

    #[test]
    fn where_the_longest_stays_who_holds_much_drops_its_own_and_who_holds_little_goes_on() {
        let (_account, [(mut a, a_woken), (mut b, _)]) = receivers();
        a.changed(0, 740);
        b.changed(0, 10);
        b.changed(10, 25);
        assert!(!b.is_to_drop(|| panic!("it holds no more than its part of the last 50")));
        assert_eq!(woken(&a_woken), 1);
        b.changed(25, 26);
        assert!(b.is_to_drop(|| 26));
        b.changed(26, 0);
        assert!(a.is_to_drop(|| 740));
    }

    #[test]
    fn a_receiver_whose_longest_is_gone_wakes_who_has_it_now() {
        let (_account, [(mut a, a_woken), (mut b, b_woken)]) = receivers();
        a.changed(0, 400);
        a.changed(400, 0);
        a.changed(0, 10);
        b.changed(0, 350);
        b.changed(0, 350);
        assert!(!b.is_to_drop(|| panic!("as far as is known, another has a longer one")));
        assert_eq!(woken(&a_woken), 1);
        assert!(!a.is_to_drop(|| 10));
        assert_eq!(woken(&b_woken), 1);
        assert!(b.is_to_drop(|| 350));
    }

    #[test]
    fn who_has_gone_holds_nothing_and_is_not_woken() {
        let (account, [(mut a, a_woken), (mut b, _)]) = receivers();
        a.changed(0, 750);
        drop(a);
        b.changed(0, 700);
        assert!(!b.is_to_drop(|| panic!("there is room")));
        b.changed(700, 701);
        assert!(b.is_to_drop(|| 701));
        drop(b);
        assert_eq!((woken(&a_woken), account.held_bytes.load(Ordering::Relaxed)), (0, 0));
        assert!(account.receivers.lock().is_empty());
    }
}
