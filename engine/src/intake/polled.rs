//! Sources that are asked for their records when a batch's turn comes.

use std::any::Any;
use std::sync::Arc;

use bytes::Bytes;

use super::receiver::{ReceiverThread, Surroundings};
use crate::block::SourceId;
use crate::disk::AnyDisk;
use crate::error::Result;
use crate::progress::LineCounts;
use crate::received::{ReceivedBlock, RecordPolicy};
use crate::time::{Duration, Time};

/// A list of records that a source has given: a `Vec<T>` of the stream's item. Clones are the same list.
#[derive(Clone)]
pub(crate) struct Items {
    list: Arc<dyn Any + Send + Sync>,
    records: u64,
    bytes: u64,
}

impl<T: Send + Sync + 'static> From<Vec<T>> for Items {
    fn from(list: Vec<T>) -> Self {
        let (records, bytes) = (list.len() as u64, (list.capacity() * size_of::<T>()) as u64);
        Items { list: Arc::new(list), records, bytes }
    }
}

impl Items {
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// The room of the list, at the size of its items. What these own elsewhere is not known.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The list, where its items are of this type.
    pub(crate) fn of_type<T: Send + Sync + 'static>(&self) -> Option<Arc<Vec<T>>> {
        self.list.clone().downcast().ok()
    }
}

/// A source that is asked, on the driver's thread, what belongs to a batch.
///
/// Where there is a log, what it gives is noted there before the batch runs, and is given again from that
/// note where the process has died meanwhile. What it remembers from batch to batch is its position: it is
/// part of each snapshot, and the notes behind that bring it up to date.
pub(crate) trait Poll: Send {
    /// What a program should use in its place where there is a log; `None` where it can be noted.
    fn instead_when_logged(&self) -> Option<&'static str> {
        None
    }

    /// Whether what it gives comes from elsewhere, and is lost to the process unless it is logged.
    fn receives(&self) -> bool {
        false
    }

    /// The context starts. What fails here fails the start.
    fn begin(&mut self, start: &Start) -> Result {
        let _: &Start = start;
        Ok(())
    }

    /// What belongs to the batch at `time`. Asked once for each batch, in order. `policy` is for
    /// text.
    fn poll(&mut self, time: Time, policy: RecordPolicy) -> Polled;

    /// Starts the thread that records come from, where there is one.
    fn start(
        &mut self,
        _source: SourceId,
        _name: &str,
        _around: &Surroundings,
    ) -> Result<Option<ReceiverThread>> {
        Ok(None)
    }

    /// Items that it has given, as bytes, for a snapshot. `Err` says why they cannot be written.
    fn write_items(&self, items: &Items) -> Result<Vec<u8>, String> {
        let _: &Items = items;
        Err("a window of raw records is over its items, which nothing says how to write; use \
             recoverable_queue_stream or recoverable_receiver_stream, whose items can be, or a window \
             that keeps results instead of records"
            .into())
    }

    /// What [`Poll::write_items`] has written.
    fn read_items(&self, bytes: &[u8]) -> Result<Items, String> {
        let _: &[u8] = bytes;
        Err("nothing says how to read its items; use recoverable_queue_stream or \
             recoverable_receiver_stream, as when they were written"
            .into())
    }

    /// What it has just given to a batch, as bytes of which it gives the same [`again`](Poll::again). `Err`
    /// says why it cannot.
    fn note(&self, given: &Records) -> Result<Bytes, String> {
        match given {
            Records::Items(items) => self.write_items(items).map(Bytes::from),
            Records::Blocks(_) => Err("nothing says how to write its blocks".into()),
        }
    }

    /// What it gave to the last batch is durable.
    fn written_down(&mut self) {}

    /// It had given what is noted to the batch at `time` before the process died, and remembers so.
    fn gave(&mut self, time: Time, note: &Bytes) -> Result<(), String> {
        let _: (Time, &Bytes) = (time, note);
        Ok(())
    }

    /// Gives again what it has noted.
    fn again(&mut self, note: &Bytes, policy: RecordPolicy) -> Result<Polled, String> {
        let _: RecordPolicy = policy;
        Ok(Records::Items(self.read_items(note)?).into())
    }

    /// What it remembers of the batches so far, for a snapshot; its next start is given the same.
    fn position(&self) -> Option<Bytes> {
        None
    }

    /// Whether it has taken on more than it has given, for which a graceful stop goes on cutting
    /// batches.
    fn has_more(&self) -> bool {
        false
    }
}

/// What a polled source is told when its context starts.
pub(crate) struct Start {
    /// The moment on the context's clock.
    pub(crate) time: Time,
    pub(crate) batch_interval: Duration,
    pub(crate) disk: Arc<dyn AnyDisk>,
    /// The most bytes that may be kept of its blocks.
    pub(crate) budget_bytes: u64,
    /// How many batches keep their blocks: one, or as many as the longest window over it has.
    pub(crate) batches_kept: usize,
    /// Whether what it gives is written down before it counts.
    pub(crate) is_logged: bool,
    /// What it has remembered up to the snapshot that is gone on from.
    pub(crate) position: Option<Bytes>,
}

/// What a polled source gives to a batch.
pub(crate) struct Polled {
    pub(crate) records: Records,
    /// What became of lines before they reached a block.
    pub(crate) framing: LineCounts,
    /// What went wrong on the way, in sentences. The batch goes on without what is missing.
    pub(crate) troubles: Vec<Trouble>,
}

/// Records in the form in which operators read them.
pub(crate) enum Records {
    Items(Items),
    /// Blocks of bytes, in order.
    Blocks(Vec<Arc<ReceivedBlock>>),
}

/// What a source could not give.
pub(crate) enum Trouble {
    /// Nothing is lost: it is tried again for the next batch.
    ForNow(String),
    /// Records are missing for good, so whoever waits for the stream's end hears of it.
    ForGood(String),
}

impl From<Records> for Polled {
    fn from(records: Records) -> Self {
        Polled { records, framing: LineCounts::default(), troubles: Vec::new() }
    }
}
