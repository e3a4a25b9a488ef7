//! Where data is kept that is needed later.

use std::fmt;

/// Where received data waits for its batch, and where persisted records wait for their readers: in memory, on
/// disk, or in memory as long as there is room. The names are the original's.
///
/// Received data is bytes as they came, so for it the `_SER` levels are those without. For persisted records they
/// say that records are kept encoded, which takes less memory and costs an encoding, and a decoding for each reader;
/// see [`DStream::persist_serialized`](crate::DStream::persist_serialized).
///
/// | level | where | at the end of the budget | cost |
/// |---|---|---|---|
/// | `MEMORY_ONLY` | memory | the sender is held back | none |
/// | `MEMORY_AND_DISK` | memory, and what does not fit on disk | what waits longest for its turn is moved to disk | for what is moved: a write, and a read from the kernel's cache or from the disk |
/// | `DISK_ONLY` | disk, as soon as the disk has taken it | the sender is held back until it has | the same, for everything that is not worked on early |
///
/// A level is about memory, not about safety: what is moved to disk is gone with the process. The log
/// ([`Conf::write_ahead_log`](crate::Conf::write_ahead_log)) is what outlives it.
///
/// ```
/// use millstream::StorageLevel;
/// assert_eq!(StorageLevel::MEMORY_AND_DISK.to_string(), "MEMORY_AND_DISK");
/// assert!(StorageLevel::DISK_ONLY.uses_disk() && !StorageLevel::DISK_ONLY.uses_memory());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StorageLevel {
    memory: bool,
    disk: bool,
    serialized: bool,
}

impl StorageLevel {
    const fn of(memory: bool, disk: bool, serialized: bool) -> Self {
        StorageLevel { memory, disk, serialized }
    }

    /// In memory, as it is. Where there is no room the sender is held back.
    pub const MEMORY_ONLY: Self = Self::of(true, false, false);
    /// In memory, encoded.
    pub const MEMORY_ONLY_SER: Self = Self::of(true, false, true);
    /// In memory, and what does not fit on disk.
    pub const MEMORY_AND_DISK: Self = Self::of(true, true, false);
    /// In memory, encoded, and what does not fit on disk.
    pub const MEMORY_AND_DISK_SER: Self = Self::of(true, true, true);
    /// On disk.
    pub const DISK_ONLY: Self = Self::of(false, true, true);

    /// Whether memory is where it is kept as long as there is room.
    pub const fn uses_memory(self) -> bool {
        self.memory
    }

    /// Whether it may be moved to disk.
    pub const fn uses_disk(self) -> bool {
        self.disk
    }

    /// Whether records are kept encoded.
    pub const fn is_serialized(self) -> bool {
        self.serialized
    }
}

/// [`MEMORY_ONLY`](StorageLevel::MEMORY_ONLY).
impl Default for StorageLevel {
    fn default() -> Self {
        Self::MEMORY_ONLY
    }
}

impl fmt::Display for StorageLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.memory, self.disk) {
            (_, false) => "MEMORY_ONLY",
            (true, true) => "MEMORY_AND_DISK",
            (false, true) => return f.write_str("DISK_ONLY"),
        })?;
        f.write_str(if self.serialized { "_SER" } else { "" })
    }
}

impl fmt::Debug for StorageLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
