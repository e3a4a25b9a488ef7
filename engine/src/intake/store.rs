//! Where a receiver of a user's own puts its records, and where a batch takes them: bounded, so
//! that a receiver that is quicker than the batches waits.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::rate::SourceRate;
use crate::progress::Progress;

/// Records that are handed over together by [`Store::store_all`].
const CHUNK: usize = 256;

/// What a [`Receiver`](crate::Receiver) is started with: the way to store records, and to say how
/// it fares. Clones are the same store, for as many threads as the receiver has.
///
/// A store belongs to one start. When the receiver is stopped or started again, its store takes
/// nothing any more, and what is asked through it has no effect: threads of an earlier start cannot
/// disturb a later one.
pub struct Store<T> {
    buffer: Arc<Buffer<T>>,
    start: u64,
}

/// A record that was not stored, or several: the receiver is being stopped or started again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Refused<T>(pub T);

impl<T> Store<T> {
    /// Stores a record for the next batch. While as many wait as there is room for, this waits
    /// until a batch takes them; and, where the rate is limited
    /// ([`Conf::max_rate`](crate::Conf::max_rate), [`Conf::backpressure`](crate::Conf::backpressure)), until
    /// another may come. Call it from threads of the receiver's own: an operator or an
    /// output that waited here would wait for itself.
    ///
    /// There is room for an eighth of [`Conf::memory_bytes`](crate::Conf::memory_bytes), beside
    /// those bytes, of records at their size of `size_of::<T>()`; what a record owns elsewhere is
    /// not counted.
    ///
    /// Gives the record back where the receiver is being stopped or started again.
    pub fn store(&self, record: T) -> Result<(), Refused<T>> {
        match self.buffer.room_for(self.start) {
            Some((mut state, _)) => {
                state.records.push(record);
                state.stored = true;
                self.buffer.charge(1);
                Ok(())
            }
            None => Err(Refused(record)),
        }
    }

    /// Stores records in their order; when it returns, all of them are stored, and lost only if the
    /// process dies before their batch has been run: a source that must know even then that they are
    /// kept is answered after [`store_reliably`](Store::store_reliably). Cost: a lock for each 256
    /// records. Waits as [`store`](Store::store) does: to a limited rate, many are as many as one by one.
    ///
    /// Gives back what had been taken from `records` and was not stored; what was stored stays.
    pub fn store_all(&self, records: impl IntoIterator<Item = T>) -> Result<(), Refused<Vec<T>>> {
        self.put(records).map(drop)
    }

    /// Stores records in their order, and returns once they cannot be lost any more, though the process
    /// dies: a batch has been given them, and that is written down and synced. This is the moment to
    /// acknowledge them to a reliable source. Spark's `store` of several records.
    ///
    /// Cost: the wait for the next batch, up to a batch interval and longer where batches are late, so
    /// store much at a time, or from several threads; beside that, as [`store_all`](Store::store_all).
    ///
    /// An error says that they are not known to be kept, so a source that is to lose nothing sends them
    /// again. Some of them, or all, may be processed nevertheless, and come twice then. It fails where
    /// the receiver is being stopped or started again, for which it does not wait any longer; where the
    /// batch could not be written down; and, before anything is stored, where there is no log.
    pub fn store_reliably(&self, records: impl IntoIterator<Item = T>) -> Result<(), NotKept> {
        if !self.buffer.is_logged {
            return Err(NotKept::NoLog);
        }
        let numbers = self.put(records).map_err(|_| NotKept::Stopped)?;
        self.buffer.wait_until_kept(self.start, numbers)
    }

    /// Stores records, and gives the numbers among which theirs are.
    fn put(&self, records: impl IntoIterator<Item = T>) -> Result<Range<u64>, Refused<Vec<T>>> {
        let mut records = records.into_iter();
        let (mut chunk, mut numbers) = (Vec::new(), None);
        loop {
            // Users' code runs here, so no lock is held.
            chunk.extend(records.by_ref().take(CHUNK));
            if chunk.is_empty() {
                return Ok(numbers.unwrap_or_default());
            }
            while !chunk.is_empty() {
                let Some((mut state, room)) = self.buffer.room_for(self.start) else {
                    return Err(Refused(chunk));
                };
                let n = chunk.len().min(room);
                let first =
                    numbers.map_or_else(|| state.next(), |numbers: Range<u64>| numbers.start);
                state.records.extend(chunk.drain(..n));
                state.stored = true;
                self.buffer.charge(n as u64);
                numbers = Some(first..state.next());
            }
        }
    }

    /// Has the receiver stopped, for the reason `message`, and started again after a while. Returns
    /// at once.
    pub fn restart(&self, message: impl Into<String>) {
        self.wish(Wish::Restart(message.into()));
    }

    /// Has the receiver stopped for good, for the reason `message`. What it has stored is
    /// processed, and the stream goes on. Returns at once.
    pub fn stop(&self, message: impl Into<String>) {
        self.wish(Wish::Stop(message.into()));
    }

    /// Reports something that is wrong, as a warning; nothing else happens.
    pub fn report_error(&self, message: impl fmt::Display) {
        self.buffer.progress.warn(format!("{}: {message}", self.buffer.name));
    }

    /// Whether the receiver is being stopped or started again, or has been since this store was
    /// given to it: time for a thread to end.
    pub fn is_stopped(&self) -> bool {
        self.buffer.state.lock().open != Some(self.start)
    }

    fn wish(&self, wish: Wish) {
        let mut state = self.buffer.state.lock();
        if state.open == Some(self.start) {
            state.wish = Some(wish);
            self.buffer.shut(state);
        }
    }
}

impl<T> Clone for Store<T> {
    fn clone(&self) -> Self {
        Store { buffer: self.buffer.clone(), start: self.start }
    }
}

impl<T> Drop for Store<T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.restart("one of its threads panicked");
        }
    }
}

impl<T> fmt::Debug for Refused<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refused(..)")
    }
}

impl<T> fmt::Display for Refused<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not stored: the receiver is being stopped or started again")
    }
}

impl<T> std::error::Error for Refused<T> {}

/// Why records are not known to be kept. They may be processed nevertheless, unless there is no log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotKept {
    /// Nothing more is waited for.
    #[error(
        "not known to be kept: the receiver is being stopped or started again before a batch that has all \
         of the records was written down; have them sent again"
    )]
    Stopped,
    /// They are lost if the process dies.
    #[error(
        "not known to be kept: a batch that was given some of the records could not be written down; have \
         them sent again"
    )]
    NotWritten,
    /// Nothing is ever kept in this way, and nothing was stored.
    #[error(
        "not stored: nothing that is stored is written down, so it could not be kept; turn on \
         Conf::write_ahead_log, with a checkpoint directory, or use store_all"
    )]
    NoLog,
}

/// What a receiver has asked of its supervisor, and why.
pub(super) enum Wish {
    Restart(String),
    Stop(String),
}

/// What stores, batches and the supervisor share. No users' code runs while it is locked.
pub(super) struct Buffer<T> {
    name: String,
    progress: Arc<Progress>,
    most_records: usize,
    /// Whether what a batch takes is written down.
    is_logged: bool,
    rate: Option<Arc<SourceRate>>,
    state: Mutex<State<T>>,
    /// Signalled when there is room, when what was taken is settled, when the rate or the time has changed, or
    /// nothing more is stored.
    room: Condvar,
    /// Signalled when the supervisor has something to look at.
    changed: Condvar,
}

pub(super) struct State<T> {
    /// At most `most_records`.
    records: Vec<T>,
    /// How many batches have taken before those. Records are numbered from 0, as they are stored.
    taken: u64,
    /// Of these, how many are settled: written down, or known not to be.
    settled: u64,
    /// Up to this number, some are known not to be.
    unwritten: u64,
    /// Whose records are taken: the number of a start, or nobody's.
    open: Option<u64>,
    /// Starts so far.
    starts: u64,
    /// Something was stored since the last start.
    stored: bool,
    wish: Option<Wish>,
}

impl<T> State<T> {
    /// The number of the record that is stored next.
    fn next(&self) -> u64 {
        self.taken + self.records.len() as u64
    }
}

impl<T> Buffer<T> {
    /// With room for records of `most_bytes` together, and one at least.
    pub(super) fn new(
        name: String,
        progress: Arc<Progress>,
        most_bytes: usize,
        is_logged: bool,
    ) -> Self {
        let state = State {
            records: Vec::new(),
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
            most_records: (most_bytes / size_of::<T>().max(1)).max(1),
            is_logged,
            rate: None,
            state: Mutex::new(state),
            room: Condvar::new(),
            changed: Condvar::new(),
        }
    }

    /// Held to a rate.
    pub(super) fn limited_to(self, rate: Option<Arc<SourceRate>>) -> Self {
        Buffer { rate, ..self }
    }

    /// Waits until there is room for a record of `start`, and it may come; `None` where it is not taken. Also
    /// answers for how many there is room that may.
    fn room_for(&self, start: u64) -> Option<(MutexGuard<'_, State<T>>, usize)> {
        let mut state = self.state.lock();
        while state.open == Some(start) {
            let room = self.most_records - state.records.len();
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

    /// So many records were stored.
    fn charge(&self, records: u64) {
        if let Some(rate) = &self.rate {
            rate.charge(records);
        }
    }

    /// Waits until the records of these numbers are written down.
    fn wait_until_kept(&self, start: u64, numbers: Range<u64>) -> Result<(), NotKept> {
        if numbers.is_empty() {
            return Ok(());
        }
        let mut state = self.state.lock();
        while state.settled < numbers.end {
            if state.open != Some(start) {
                return Err(NotKept::Stopped);
            }
            self.room.wait(&mut state);
        }
        // Some of others may be among those; then it is said of too many.
        if state.unwritten > numbers.start { Err(NotKept::NotWritten) } else { Ok(()) }
    }

    /// Nothing more is taken, and whoever waits hears of it.
    fn shut(&self, mut state: MutexGuard<'_, State<T>>) {
        state.open = None;
        drop(state);
        self.room.notify_all();
        self.changed.notify_all();
    }

    // ---- the batch's side ----

    /// Takes out what has been stored. What was taken before, if it has not been written down, never is.
    pub(super) fn take(&self) -> Vec<T> {
        let taken = {
            let mut state = self.state.lock();
            if state.settled < state.taken {
                state.unwritten = state.taken;
                state.settled = state.taken;
            }
            state.taken = state.next();
            std::mem::take(&mut state.records)
        };
        self.room.notify_all();
        taken
    }

    /// What was taken is durable.
    pub(super) fn written_down(&self) {
        let mut state = self.state.lock();
        state.settled = state.taken;
        drop(state);
        self.room.notify_all();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.state.lock().records.is_empty()
    }

    // ---- the supervisor's side ----

    /// Shuts if `last`, and has the supervisor look around, and whoever waits for the time.
    pub(super) fn nudge(&self, last: bool) {
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
    pub(super) fn close(&self) {
        self.shut(self.state.lock());
    }

    /// A store for a new start, unless `over`, which is asked once no nudge can be missed.
    pub(super) fn open(self: &Arc<Self>, over: impl Fn() -> bool) -> Option<Store<T>> {
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
    pub(super) fn has_stored(&self) -> bool {
        self.state.lock().stored
    }

    /// Waits until `look` finds something; it is given the receiver's wish, if there is one, and
    /// answers otherwise how long to wait at most before it is asked again.
    pub(super) fn wait<R>(&self, mut look: impl FnMut(Option<Wish>) -> Look<R>) -> R {
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
pub(super) enum Look<R> {
    Found(R),
    /// Nothing yet; look again when something changes, or after this time.
    Again(Option<std::time::Duration>),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer() -> Arc<Buffer<u8>> {
        let progress = Arc::new(Progress::new(Vec::new(), false));
        Arc::new(Buffer::new("test".into(), progress, 100, true))
    }

    fn put(store: &Store<u8>, records: impl IntoIterator<Item = u8>) -> Range<u64> {
        store.put(records).unwrap()
    }

    #[test]
    fn records_are_kept_where_all_batches_that_have_them_are_written_down() {
        let buffer = buffer();
        let store = buffer.open(|| false).unwrap();
        let kept = |numbers: &Range<u64>| buffer.wait_until_kept(store.start, numbers.clone());
        let first = put(&store, 0..3);
        assert_eq!(buffer.take(), [0, 1, 2]);
        buffer.written_down();
        assert_eq!(kept(&first), Ok(()));
        let lost = put(&store, 3..5);
        assert_eq!(buffer.take(), [3, 4]);
        let last = put(&store, 5..6);
        assert_eq!(buffer.take(), [5], "the batch before was not written down");
        assert_eq!(kept(&lost), Err(NotKept::NotWritten));
        buffer.written_down();
        assert_eq!((first.clone(), lost.clone(), last.clone()), (0..3, 3..5, 5..6));
        assert_eq!(kept(&last), Ok(()));
        assert_eq!(kept(&(first.start..last.end)), Err(NotKept::NotWritten));
    }

    #[test]
    fn what_is_not_settled_when_the_store_shuts_is_not_known_to_be_kept() {
        let buffer = buffer();
        let store = buffer.open(|| false).unwrap();
        let taken = put(&store, 0..3);
        buffer.take();
        let (start, waiting) = (store.start, put(&store, 3..4));
        buffer.close();
        assert_eq!(buffer.wait_until_kept(start, waiting), Err(NotKept::Stopped));
        buffer.written_down();
        assert_eq!(buffer.wait_until_kept(start, taken), Ok(()));
    }
}
