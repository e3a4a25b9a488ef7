//! Settings of where received data is kept, and how much of it.

use std::path::PathBuf;

use super::Conf;
use crate::memory;
use crate::storage::StorageLevel;

impl Conf {
    /// The most memory, in bytes, that received data may take. At the limit receivers stop reading
    /// and TCP holds the sender back; or blocks are moved to disk, where
    /// [`storage_level`](Conf::storage_level) lets them. Left out, it is half of what the process may use. A file stream
    /// has as much again for the files of the batches that are kept.
    pub fn memory_bytes(mut self, bytes: u64) -> Self {
        self.memory_bytes = Some(bytes);
        self
    }

    /// Where what sockets receive waits for its batch, and what windows of raw records keep of it:
    /// [`StorageLevel::MEMORY_ONLY`] if not set otherwise, where the original has
    /// `MEMORY_AND_DISK_SER_2`. A source may have its own, by [`Scope::at_level`](crate::Scope::at_level).
    pub fn storage_level(mut self, level: StorageLevel) -> Self {
        self.storage_level = level;
        self
    }

    /// Where blocks are moved to that memory has no room for: the system's directory for temporary files if
    /// not set otherwise, which may itself lie in memory. What lies there has no names, and is gone with the
    /// process, however that ends.
    pub fn spill_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.spill_directory = Some(directory.into());
        self
    }

    pub(crate) fn spill_place(&self) -> PathBuf {
        self.spill_directory.clone().unwrap_or_else(std::env::temp_dir)
    }

    pub(crate) fn budget_bytes(&self) -> u64 {
        self.memory_bytes.unwrap_or_else(|| memory::usable_bytes() / 2)
    }
}
