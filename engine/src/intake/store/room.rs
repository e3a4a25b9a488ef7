//! The memory that what users' receivers have stored may take, of all of them together.
//!
//! Half of it is divided among them in equal parts, so that none waits because others are quicker; the other
//! half is for whoever comes first. Who takes part when all of it is held already waits for the next batch.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

/// Called when there may be more room than there was.
type Wake = Box<dyn Fn() + Send + Sync>;

/// The memory for what is stored, by all receivers of an engine.
pub(crate) struct StoreRoom {
    most_bytes: usize,
    next: AtomicU64,
    stores: Mutex<Vec<Held>>,
}

/// What one of them has.
struct Held {
    number: u64,
    bytes: usize,
    /// It wants nothing any more: when it has given back what it has, its part is that of the others.
    leaves: bool,
    /// It has asked for more than there was, and is to be told when there is more.
    wants_more: bool,
    wake: Option<Arc<Wake>>,
}

/// A receiver's share, until it is dropped.
pub(in crate::intake) struct Share {
    room: Arc<StoreRoom>,
    number: u64,
}

/// Those to be told that there is more room, once nothing is locked.
#[must_use]
pub(super) struct Waiting(Vec<Arc<Wake>>);

impl Waiting {
    pub(super) fn tell(self) {
        self.0.iter().for_each(|wake| wake());
    }
}

impl StoreRoom {
    /// Of so many bytes.
    pub(crate) fn new(most_bytes: usize) -> Arc<Self> {
        Arc::new(StoreRoom { most_bytes, next: AtomicU64::new(0), stores: Mutex::default() })
    }

    /// One more takes part.
    pub(in crate::intake) fn join(self: &Arc<Self>) -> Share {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let held = Held { number, bytes: 0, leaves: false, wants_more: false, wake: None };
        self.stores.lock().push(held);
        Share { room: self.clone(), number }
    }
}

fn waiting(stores: &mut [Held]) -> Waiting {
    let wakes = stores.iter_mut().filter_map(|held| {
        let wanted_more = std::mem::take(&mut held.wants_more);
        held.wake.clone().filter(|_| wanted_more)
    });
    Waiting(wakes.collect())
}

impl Share {
    /// Has `wake` called when there is more room, where there was too little.
    pub(super) fn on_room(&self, wake: Wake) {
        let mut stores = self.room.stores.lock();
        if let Some(held) = stores.iter_mut().find(|held| held.number == self.number) {
            held.wake = Some(Arc::new(wake));
        }
    }

    /// Takes as much more as there is, up to `wanted` bytes in all. Answers how many bytes it has now.
    pub(super) fn grow_to(&self, wanted: usize) -> usize {
        let most = self.room.most_bytes;
        let mut stores = self.room.stores.lock();
        let part = most / 2 / stores.len().max(1);
        let for_all = most - part * stores.len();
        let beyond = |held: &Held| held.bytes.saturating_sub(part);
        let others = stores.iter().filter(|held| held.number != self.number);
        // Who came before all that are here now may have a part of theirs, until a batch takes it.
        let unused = most.saturating_sub(others.clone().map(|held| held.bytes).sum());
        let left = for_all.saturating_sub(others.map(beyond).sum());
        let Some(held) = stores.iter_mut().find(|held| held.number == self.number) else {
            return 0;
        };
        held.bytes = wanted.min(part + left).min(unused).max(held.bytes);
        held.wants_more = held.bytes < wanted;
        held.bytes
    }

    /// Has nothing any more.
    pub(super) fn give_back(&self) -> Waiting {
        let mut stores = self.room.stores.lock();
        if let Some(held) = stores.iter_mut().find(|held| held.number == self.number) {
            held.bytes = 0;
        }
        stores.retain(|held| !held.leaves || held.bytes > 0);
        waiting(&mut stores)
    }

    /// Wants nothing any more. What it has it keeps until it gives it back.
    pub(super) fn leave(&self) -> Waiting {
        let mut stores = self.room.stores.lock();
        if let Some(held) = stores.iter_mut().find(|held| held.number == self.number) {
            held.leaves = true;
        }
        stores.retain(|held| !held.leaves || held.bytes > 0);
        waiting(&mut stores)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut stores = self.room.stores.lock();
        stores.retain(|held| held.number != self.number);
        let waiting = waiting(&mut stores);
        drop(stores);
        waiting.tell();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(share: &Share) -> Arc<AtomicU64> {
        let told = Arc::new(AtomicU64::new(0));
        let tell = told.clone();
        share.on_room(Box::new(move || {
            tell.fetch_add(1, Ordering::Relaxed);
        }));
        told
    }

    #[test]
    fn one_alone_may_have_all_of_it_and_no_more() {
        let share = StoreRoom::new(1001).join();
        assert_eq!((share.grow_to(600), share.grow_to(5000), share.grow_to(1)), (600, 1001, 1001));
        share.give_back().tell();
        assert_eq!(share.grow_to(7), 7);
    }

    #[test]
    fn all_of_them_have_no_more_than_that_and_none_has_nothing() {
        let room = StoreRoom::new(1000);
        let [a, b, c, d] = std::array::from_fn(|_| room.join());
        assert_eq!(a.grow_to(5000), 125 + 500);
        for other in [&b, &c, &d] {
            assert_eq!(other.grow_to(5000), 125, "its own part");
        }
        let told = [&a, &b].map(told);
        a.give_back().tell();
        assert_eq!(told.map(|told| told.load(Ordering::Relaxed)), [1, 1], "each wanted more");
        assert_eq!((b.grow_to(300), c.grow_to(5000)), (300, 125 + 325));
    }

    #[test]
    fn the_part_of_who_wants_nothing_any_more_is_that_of_the_others() {
        let room = StoreRoom::new(1000);
        let [a, b, c] = std::array::from_fn(|_| room.join());
        assert_eq!((a.grow_to(5000), b.grow_to(100)), (166 + 502, 100));
        let told = told(&a);
        c.leave().tell();
        assert_eq!((told.load(Ordering::Relaxed), a.grow_to(5000)), (1, 750));
        b.leave().tell();
        assert_eq!(a.grow_to(5000), 750, "it keeps what it has");
        b.give_back().tell();
        assert_eq!((told.load(Ordering::Relaxed), a.grow_to(5000)), (3, 1000));
    }

    #[test]
    fn who_comes_late_waits_for_its_part_and_hears_of_it() {
        let room = StoreRoom::new(1000);
        let first = room.join();
        assert_eq!(first.grow_to(900), 900);
        let late: Vec<Share> = (0..9).map(|_| room.join()).collect();
        let had: Vec<usize> = late.iter().map(|share| share.grow_to(50)).collect();
        assert_eq!(had, [50, 50, 0, 0, 0, 0, 0, 0, 0]);
        let told = told(&late[8]);
        first.give_back().tell();
        assert_eq!((told.load(Ordering::Relaxed), late[8].grow_to(50)), (1, 50));
    }

    #[test]
    fn what_one_has_that_goes_is_for_the_others() {
        let room = StoreRoom::new(1000);
        let [a, b] = std::array::from_fn(|_| room.join());
        assert_eq!((a.grow_to(5000), b.grow_to(5000)), (750, 250));
        let told = told(&b);
        drop(a);
        assert_eq!((told.load(Ordering::Relaxed), b.grow_to(5000)), (1, 1000));
    }
}
