//! A queue of batches that a program fills itself: the input of tests and of embedding.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::polled::{Poll, Polled, Records};
use crate::block::Block;
use crate::durable::{from_bytes, to_bytes};
use crate::received::{Form, ReceivedBlock, RecordPolicy};
use crate::time::Time;

/// A queue of datasets, one for each coming batch. Clones are the same queue, so a program keeps
/// one to push to.
///
/// ```
/// use millstream::Queue;
/// let queue = Queue::from([vec![1, 2], vec![3]]);
/// queue.push(vec![4]);
/// assert_eq!(queue.len(), 3);
/// ```
#[derive(Debug)]
pub struct Queue<T>(Arc<Mutex<VecDeque<Vec<T>>>>);

impl<T> Queue<T> {
    /// An empty queue.
    pub fn new() -> Self {
        Queue(Arc::default())
    }

    /// Adds a dataset for a batch to come. The queue has no bound: whoever pushes faster than one
    /// dataset a batch fills the memory.
    pub fn push(&self, batch: Vec<T>) {
        self.0.lock().push_back(batch);
    }

    /// How many datasets wait.
    pub fn len(&self) -> usize {
        self.0.lock().len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next batch's dataset; an empty one where none waits.
    fn pop(&self) -> Vec<T> {
        self.0.lock().pop_front().unwrap_or_default()
    }

    /// The items of all the datasets that wait.
    fn drain(&self) -> Vec<T> {
        let waiting = std::mem::take(&mut *self.0.lock());
        waiting.into_iter().flatten().collect()
    }
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Queue(self.0.clone())
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Queue::new()
    }
}

impl<T> From<&Queue<T>> for Queue<T> {
    fn from(queue: &Queue<T>) -> Self {
        queue.clone()
    }
}

impl<T> From<Vec<Vec<T>>> for Queue<T> {
    fn from(batches: Vec<Vec<T>>) -> Self {
        Queue(Arc::new(Mutex::new(batches.into())))
    }
}

impl<T, const N: usize> From<[Vec<T>; N]> for Queue<T> {
    fn from(batches: [Vec<T>; N]) -> Self {
        Vec::from(batches).into()
    }
}

/// A queue as the source of its items.
pub(crate) struct QueuedItems<T> {
    pub(crate) queue: Queue<T>,
    /// A batch gets all datasets that wait, not one.
    pub(crate) all_at_once: bool,
}

impl<T: Send + Sync + 'static> Poll for QueuedItems<T> {
    fn instead_when_logged(&self) -> Option<&'static str> {
        Some("recoverable_queue_stream")
    }

    fn poll(&mut self, _time: Time, _policy: RecordPolicy) -> Polled {
        let items = match self.all_at_once {
            true => self.queue.drain(),
            false => self.queue.pop(),
        };
        Records::Items(items.into()).into()
    }
}

/// A queue of strings as a source of blocks of text.
pub(crate) struct QueuedTexts(pub(crate) Queue<String>);

impl Poll for QueuedTexts {
    fn poll(&mut self, _time: Time, policy: RecordPolicy) -> Polled {
        let blocks = self.0.pop().into_iter().map(block_of);
        let blocks = blocks.map(|block| Arc::new(ReceivedBlock::new(block, policy)));
        Records::Blocks(blocks.collect()).into()
    }

    fn note(&self, given: &Records) -> Result<Bytes, String> {
        let Records::Blocks(blocks) = given else { return Err("it gives blocks".into()) };
        let written: Vec<(Form, &Bytes)> = blocks.iter().map(|b| (b.form(), b.raw())).collect();
        to_bytes(&written).map(Bytes::from)
    }

    fn again(&mut self, note: &Bytes, policy: RecordPolicy) -> Result<Polled, String> {
        let written: Vec<(Form, Bytes)> = from_bytes(note)?;
        let blocks = written.into_iter().map(|(form, bytes)| {
            Arc::new(ReceivedBlock::new(Block::of_bytes(bytes), RecordPolicy { form, ..policy }))
        });
        Ok(Records::Blocks(blocks.collect()).into())
    }
}

/// A block of whole lines: the last one gets its line end where it has none.
fn block_of(mut text: String) -> Block {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    Block::of_bytes(Bytes::from(text))
}
