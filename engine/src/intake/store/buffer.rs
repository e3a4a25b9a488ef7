//! The records that wait for a batch, of which there is room for so many, and whose are taken.

use std::sync::Arc;

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::Store;
use super::room::{Share, Waiting};
use crate::intake::rate::SourceRate;
use crate::progress::Progress;

/// What there is room for first; then it doubles.
const FIRST_BYTES: usize = 4 << 10;

/// What a receiver has asked of its supervisor, and why.
pub(in crate::intake) enum Wish {
    Restart(String),
    Stop(String),
}

/// What stores, batches and the supervisor share. No users' code runs while it is locked.
pub(in crate::intake) struct Buffer<T> {
    pub(super) name: String,
    pub(super) progress: Arc<Progress>,
    share: Share,
    /// Whether what a batch takes is written down.
    pub(super) is_logged: bool,
    rate: Option<Arc<SourceRate>>,
    pub(super) state: Mutex<State<T>>,
    /// Signalled when there is room, when what was taken is settled, when the rate or the time has changed, or
    /// nothing more is stored.
    pub(super) room: Condvar,
    /// Signalled when the supervisor has something to look at.
    changed: Condvar,
}

pub(super) struct State<T> {
    /// With room for as many as there may be, by `Buffer`'s share.
    pub(super) records: Vec<T>,
    /// How many that are.
    most_records: usize,
    /// How many batches have taken before those. Records are numbered from 0, as they are stored.
    pub(super) taken: u64,
    /// Of these, how many are settled: written down, or known not to be.
    pub(super) settled: u64,
    /// Up to this number, some are known not to be.
    pub(super) unwritten: u64,
    /// Whose records are taken: the number of a start, or nobody's.
    pub(super) open: Option<u64>,
    /// Starts so far.
    starts: u64,
    /// Something was stored since the last start.
    pub(super) stored: bool,
    pub(super) wish: Option<Wish>,
}

impl<T> State<T> {
    /// The number of the record that is stored next.
    pub(super) fn next(&self) -> u64 {
        self.taken + self.records.len() as u64
    }

    /// Takes out the records, with their memory.
    pub(super) fn take_records(&mut self) -> Vec<T> {
        self.most_records = 0;
        std::mem::take(&mut self.records)
    }
}

impl<T> Buffer<T> {
    /// With room for as many records as its share of the memory has, and one at least.
    pub(in crate::intake) fn new(
        name: String,
        progress: Arc<Progress>,
        share: Share,
        is_logged: bool,
    ) -> Self {
        let state = State {
            records: Vec::new(),
            most_records: 0,
            taken: 0,
            settled: 0,
            unwritten: 0,
            open: None,
            starts: 0,
            stored: false,
            wish: None,
        };
        Buffer {
            name,
            progress,
            share,
            is_logged,
            rate: None,
            state: Mutex::new(state),
            room: Condvar::new(),
            changed: Condvar::new(),
        }
    }

    /// Held to a rate.
    pub(in crate::intake) fn limited_to(self, rate: Option<Arc<SourceRate>>) -> Self {
        Buffer { rate, ..self }
    }

    /// Waits until there is room for a record of `start`, and it may come; `None` where it is not taken. Also
    /// answers for how many there is room that may.
    pub(super) fn room_for(&self, start: u64) -> Option<(MutexGuard<'_, State<T>>, usize)> {
        let mut state = self.state.lock();
        while state.open == Some(start) {
            let room = self.room_of(&mut state);
            let may_take = self.rate.as_ref().map_or(u64::MAX, |rate| rate.may_take());
            match (room, may_take, &self.rate) {
                (0, ..) => self.room.wait(&mut state),
                (_, 0, Some(rate)) => match rate.wait() {
                    Some(limit) => drop(self.room.wait_for(&mut state, limit)),
                    None => self.room.wait(&mut state),
                },
                _ => {
                    let room = room.min(usize::try_from(may_take).unwrap_or(usize::MAX));
                    return Some((state, room));
                }
            }
        }
        None
    }

    /// For how many records there is room, once all that can be had is.
    fn room_of(&self, state: &mut State<T>) -> usize {
        let stored = state.records.len();
        if stored == state.most_records {
            let bytes_each = size_of::<T>().max(1);
            let wanted = (2 * stored).max(FIRST_BYTES / bytes_each).max(1);
            let most = self.share.grow_to(wanted.saturating_mul(bytes_each)) / bytes_each;
            // One record there is always room for.
            state.most_records = most.max(stored).max(1);
            state.records.reserve_exact(state.most_records - stored);
        }
        state.most_records - stored
    }

    /// There may be more room for what waits to be stored.
    pub(in crate::intake) fn look_for_room(&self) {
        drop(self.state.lock());
        self.room.notify_all();
    }

    /// Has `wake` called when there may be more room, where there was too little.
    pub(in crate::intake) fn on_room(&self, wake: Box<dyn Fn() + Send + Sync>) {
        self.share.on_room(wake);
    }

    /// Nothing is stored any more: when what is stored is taken, others have its room.
    pub(in crate::intake) fn leave(&self) {
        self.share.leave().tell();
    }

    /// Has no room any more, what was in it having been taken. To be told of once nothing is locked.
    pub(super) fn give_back_room(&self) -> Waiting {
        self.share.give_back()
    }

    /// So many records were stored.
    pub(super) fn charge(&self, records: u64) {
        if let Some(rate) = &self.rate {
            rate.charge(records);
        }
    }

    /// Nothing more is taken, and whoever waits hears of it.
    pub(super) fn shut(&self, mut state: MutexGuard<'_, State<T>>) {
        state.open = None;
        drop(state);
        self.room.notify_all();
        self.changed.notify_all();
    }

    // ---- the supervisor's side ----

    /// Shuts if `last`, and has the supervisor look around, and whoever waits for the time.
    pub(in crate::intake) fn nudge(&self, last: bool) {
        let state = self.state.lock();
        match last {
            true => self.shut(state),
            false => drop(state),
        }
        self.changed.notify_all();
        if self.rate.is_some() {
            self.room.notify_all();
        }
    }

    /// Nothing more is taken from the last start.
    pub(in crate::intake) fn close(&self) {
        self.shut(self.state.lock());
    }

    /// A store for a new start, unless `over`, which is asked once no nudge can be missed.
    pub(in crate::intake) fn open(self: &Arc<Self>, over: impl Fn() -> bool) -> Option<Store<T>> {
        let mut state = self.state.lock();
        if over() {
            return None;
        }
        state.starts += 1;
        state.open = Some(state.starts);
        state.stored = false;
        state.wish = None;
        Some(Store { buffer: self.clone(), start: state.starts })
    }

    /// Whether something was stored since the last start.
    pub(in crate::intake) fn has_stored(&self) -> bool {
        self.state.lock().stored
    }

    /// Waits until `look` finds something; it is given the receiver's wish, if there is one, and
    /// answers otherwise how long to wait at most before it is asked again.
    pub(in crate::intake) fn wait<R>(&self, mut look: impl FnMut(Option<Wish>) -> Look<R>) -> R {
        let mut state = self.state.lock();
        loop {
            match look(state.wish.take()) {
                Look::Found(found) => return found,
                Look::Again(None) => self.changed.wait(&mut state),
                Look::Again(Some(limit)) => {
                    self.changed.wait_for(&mut state, limit);
                }
            }
        }
    }
}

/// What a look at the state of things has brought.
pub(in crate::intake) enum Look<R> {
    Found(R),
    /// Nothing yet; look again when something changes, or after this time.
    Again(Option<std::time::Duration>),
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::intake::store::StoreRoom;

    fn buffer(room: &Arc<StoreRoom>) -> Arc<Buffer<u8>> {
        let progress = Arc::new(Progress::new(Vec::new(), false));
        let buffer = Arc::new(Buffer::new("test".into(), progress, room.join(), false));
        let told = Arc::downgrade(&buffer);
        buffer.on_room(Box::new(move || {
            if let Some(buffer) = told.upgrade() {
                buffer.look_for_room();
            }
        }));
        buffer
    }

    #[test]
    fn what_several_store_is_bounded_together_and_who_waits_hears_of_room() {
        let room = StoreRoom::new(100);
        let (quick, other) = (buffer(&room), buffer(&room));
        let room_of = |buffer: &Buffer<u8>| buffer.room_of(&mut buffer.state.lock());
        let store = quick.open(|| false).unwrap();
        while room_of(&quick) > 0 {
            store.store(1).unwrap();
        }
        assert_eq!(quick.state.lock().records.capacity(), 75, "its part, and what is for all");
        assert_eq!(room_of(&other), 25, "its part");
        let store = other.open(|| false).unwrap();
        let waits = thread::spawn(move || store.store_all([2; 30]).is_ok());
        assert_eq!(quick.take(), [1; 75]);
        assert!(waits.join().unwrap());
        assert_eq!(other.take(), [2; 30]);
    }

    #[test]
    fn a_record_larger_than_the_room_is_taken_by_itself() {
        let room = StoreRoom::new(0);
        let buffer = buffer(&room);
        let store = buffer.open(|| false).unwrap();
        store.store(1).unwrap();
        assert_eq!(buffer.room_of(&mut buffer.state.lock()), 0);
        assert_eq!(buffer.take(), [1]);
        store.store(2).unwrap();
    }
}
