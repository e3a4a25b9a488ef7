//! Settings of where received data is kept, and how much of it.

use super::Conf;
use crate::memory;

impl Conf {
    /// The most memory, in bytes, that received data may take. At the limit receivers stop reading
    /// and TCP holds the sender back. Left out, it is half of what the process may use. A file stream
    /// has as much again for the files of the batches that are kept.
    pub fn memory_bytes(mut self, bytes: u64) -> Self {
        self.memory_bytes = Some(bytes);
        self
    }

    pub(crate) fn budget_bytes(&self) -> u64 {
        self.memory_bytes.unwrap_or_else(|| memory::usable_bytes() / 2)
    }
}
