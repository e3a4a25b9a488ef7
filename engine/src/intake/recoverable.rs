//! A source of items that can be written down: what it gives can be part of a snapshot, and of the log.

use std::marker::PhantomData;

use super::polled::{Items, Poll, Polled, Start};
use super::receiver::{ReceiverThread, Surroundings};
use crate::block::SourceId;
use crate::durable::{Durable, from_bytes, to_bytes};
use crate::error::Result;
use crate::received::RecordPolicy;
use crate::time::Time;

/// `P`, which gives items of type `T`.
pub(crate) struct Recoverable<T, P> {
    source: P,
    _items: PhantomData<fn() -> T>,
}

impl<T, P> Recoverable<T, P> {
    pub(crate) fn new(source: P) -> Self {
        Recoverable { source, _items: PhantomData }
    }
}

impl<T: Durable, P: Poll> Poll for Recoverable<T, P> {
    fn receives(&self) -> bool {
        self.source.receives()
    }

    fn begin(&mut self, start: &Start) -> Result {
        self.source.begin(start)
    }

    fn poll(&mut self, time: Time, policy: RecordPolicy) -> Polled {
        self.source.poll(time, policy)
    }

    fn start(
        &mut self,
        source: SourceId,
        name: &str,
        around: &Surroundings,
    ) -> Result<Option<ReceiverThread>> {
        self.source.start(source, name, around)
    }

    fn write_items(&self, items: &Items) -> Result<Vec<u8>, String> {
        let items = items.of_type::<T>().ok_or("its items are of another type")?;
        to_bytes(&*items)
    }

    fn read_items(&self, bytes: &[u8]) -> Result<Items, String> {
        Ok(from_bytes::<Vec<T>>(bytes)?.into())
    }

    fn written_down(&mut self) {
        self.source.written_down();
    }

    fn has_more(&self) -> bool {
        self.source.has_more()
    }
}
