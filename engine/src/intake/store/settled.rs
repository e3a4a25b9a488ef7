//! What becomes of records that are stored: a batch takes them, and then they are settled, which is to say
//! written down, or known not to be.

use std::ops::Range;

use super::NotKept;
use super::buffer::Buffer;

impl<T> Buffer<T> {
    /// Takes out what has been stored. What was taken before, if it has not been written down, never is.
    pub(in crate::intake) fn take(&self) -> Vec<T> {
        let (taken, waiting) = {
            let mut state = self.state.lock();
            if state.settled < state.taken {
                state.unwritten = state.taken;
                state.settled = state.taken;
            }
            state.taken = state.next();
            (state.take_records(), self.give_back_room())
        };
        self.room.notify_all();
        waiting.tell();
        taken
    }

    /// What was taken is durable.
    pub(in crate::intake) fn written_down(&self) {
        let mut state = self.state.lock();
        state.settled = state.taken;
        drop(state);
        self.room.notify_all();
    }

    pub(in crate::intake) fn is_empty(&self) -> bool {
        self.state.lock().records.is_empty()
    }

    /// Waits until the records of these numbers are written down.
    pub(super) fn wait_until_kept(&self, start: u64, numbers: Range<u64>) -> Result<(), NotKept> {
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
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::intake::store::{Store, StoreRoom};
    use crate::progress::Progress;

    fn buffer() -> Arc<Buffer<u8>> {
        let progress = Arc::new(Progress::new(Vec::new(), false));
        Arc::new(Buffer::new("test".into(), progress, StoreRoom::new(100).join(), true))
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
