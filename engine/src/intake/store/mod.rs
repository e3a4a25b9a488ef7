//! Where a receiver of a user's own puts its records, and where a batch takes them: bounded, so
//! that a receiver that is quicker than the batches waits.

mod buffer;
mod room;
mod settled;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

pub(super) use buffer::{Buffer, Look, Wish};
pub(crate) use room::StoreRoom;

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
    /// those bytes, for what all receivers have stored together: the room of their lists, of records at
    /// their size of `size_of::<T>()`; what a record owns elsewhere is not counted. Half of that each
    /// receiver has an equal part of, which others leave to it; the other half is for whoever comes
    /// first. A record that is larger than its receiver's part is taken all the same, one at a time.
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
