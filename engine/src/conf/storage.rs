//! Settings of where received data is kept, and how much of it.

use std::path::PathBuf;

use super::Conf;
use crate::memory;
use crate::storage::StorageLevel;

impl Conf {
    /// The budget: the most memory, in bytes, for received data, the state, windows by key, and what the stages of a
    /// batch hold, all together. At its end receivers stop reading and TCP holds the sender back; or blocks are moved
    /// to disk, where [`storage_level`](Conf::storage_level) lets them. Left out, it is half of what the process may
    /// use.
    ///
    /// It is for the process as a whole: 24 MiB of it are reserved for what that needs beside, so that from 64 MiB on
    /// the process stays within the budget and a tenth, if its elements own nothing elsewhere, and states and windows
    /// leave received data more than the two slabs that it always has. States and windows by key are never refused: what
    /// they hold beyond the budget is beyond it, and a warning says so. Of a smaller budget
    /// less is reserved, half of what it has beyond 16 MiB, and the process may take up to 24 MiB more than it is.
    /// Not counted, and so beside it, are what elements own elsewhere, as a `String` does, an eighth of it for what
    /// all receivers of one's own have stored, and for a file stream as much again for the files of the batches that are
    /// kept.
    ///
    /// ```
    /// use millstream::{Conf, Engine};
    /// assert!(Engine::new(Conf::new("counts").memory_bytes(64 << 20)).is_ok());
    /// let e = Engine::new(Conf::new("counts").memory_bytes(1 << 20)).err().unwrap();
    /// assert!(e.to_string().contains("1048576 bytes"), "the longest line would not fit: {e}");
    /// ```
    pub fn memory_bytes(mut self, bytes: u64) -> Self {
        self.memory_bytes = Some(bytes);
        self
    }

    /// Where what sockets receive waits for its batch, and what windows of raw records keep of it:
    /// [`StorageLevel::MEMORY_ONLY`] if not set otherwise, where the original has
    /// `MEMORY_AND_DISK_SER_2`. A source may have its own, by [`Scope::at_level`](crate::Scope::at_level).
    ///
    /// ```
    /// use millstream::{Conf, StorageLevel};
    /// // A window of raw records that may be larger than memory, on a disk of its own.
    /// let conf = Conf::new("a day of readings")
    ///     .storage_level(StorageLevel::MEMORY_AND_DISK)
    ///     .spill_directory("/mnt/scratch");
    /// ```
    pub fn storage_level(mut self, level: StorageLevel) -> Self {
        self.storage_level = level;
        self
    }

    /// Where blocks and persisted records are moved to that memory has no room for: the system's directory for
    /// temporary files if not set otherwise, which may itself lie in memory. What lies there has no names, and is gone with the
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
