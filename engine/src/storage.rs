//! Where data is kept that is needed later.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// Where received data waits for its batch, and where persisted records wait for their readers: in memory, on
/// disk, or in memory as long as there is room. The names are the original's.
///
/// Received data is bytes, so for it the `_SER` levels are those without. For persisted records they
/// say that records are kept encoded, which takes less memory and costs an encoding, and a decoding for each reader;
/// see [`DStream::persist_at`](crate::DStream::persist_at).
///
/// | level | where | at the end of the budget | cost |
/// |---|---|---|---|
/// | `MEMORY_ONLY` | memory | the sender is held back | none |
/// | `MEMORY_AND_DISK` | memory, and what does not fit on disk | what waits longest for its turn is moved to disk | for what is moved: a write, and a read from the kernel's cache or from the disk |
/// | `DISK_ONLY` | disk, as soon as the disk has taken it | the sender is held back until it has | the same, for everything that is not worked on early |
///
/// What is moved to disk is gone with the process: a level is about memory. What outlives the process is the log
/// ([`Conf::write_ahead_log`](crate::Conf::write_ahead_log)), and the `_2` levels ask for a second copy of that, at a
/// replica ([`Conf::replica`](crate::Conf::replica)): then nothing counts as received before it is durable in both. The
/// start fails where there is no log or no replica.
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
    copies: u8,
}

impl StorageLevel {
    const fn of(memory: bool, disk: bool, serialized: bool) -> Self {
        StorageLevel { memory, disk, serialized, copies: 1 }
    }

    const fn twice(self) -> Self {
        StorageLevel { copies: 2, ..self }
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

    /// [`MEMORY_ONLY`](StorageLevel::MEMORY_ONLY), and a second copy at the replica.
    pub const MEMORY_ONLY_2: Self = Self::MEMORY_ONLY.twice();
    /// [`MEMORY_ONLY_SER`](StorageLevel::MEMORY_ONLY_SER), and a second copy at the replica.
    pub const MEMORY_ONLY_SER_2: Self = Self::MEMORY_ONLY_SER.twice();
    /// [`MEMORY_AND_DISK`](StorageLevel::MEMORY_AND_DISK), and a second copy at the replica.
    pub const MEMORY_AND_DISK_2: Self = Self::MEMORY_AND_DISK.twice();
    /// [`MEMORY_AND_DISK_SER`](StorageLevel::MEMORY_AND_DISK_SER), and a second copy at the replica.
    pub const MEMORY_AND_DISK_SER_2: Self = Self::MEMORY_AND_DISK_SER.twice();
    /// [`DISK_ONLY`](StorageLevel::DISK_ONLY), and a second copy at the replica.
    pub const DISK_ONLY_2: Self = Self::DISK_ONLY.twice();

    /// Whether memory is where it is kept as long as there is room.
    pub const fn uses_memory(self) -> bool {
        self.memory
    }

    /// Whether it may be moved to disk.
    pub const fn uses_disk(self) -> bool {
        self.disk
    }

    /// How many copies there are: 1, or 2.
    pub const fn copies(self) -> u8 {
        self.copies
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
        let (place, has_forms) = match (self.memory, self.disk) {
            (_, false) => ("MEMORY_ONLY", true),
            (true, true) => ("MEMORY_AND_DISK", true),
            (false, true) => ("DISK_ONLY", false),
        };
        let form = if self.serialized && has_forms { "_SER" } else { "" };
        let copies = if self.copies == 2 { "_2" } else { "" };
        write!(f, "{place}{form}{copies}")
    }
}

impl fmt::Debug for StorageLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for StorageLevel {
    type Err = Error;

    /// Of its name, as in `MEMORY_AND_DISK_SER_2`.
    fn from_str(name: &str) -> Result<Self> {
        let is = |level: &&StorageLevel| level.to_string() == name;
        LEVELS.iter().find(is).copied().ok_or_else(|| Error::Setting {
            setting: "the storage level",
            got: format!("{name:?}"),
            want: LEVELS.map(|level| level.to_string()).join(", "),
        })
    }
}

/// All of them.
const LEVELS: [StorageLevel; 10] = [
    StorageLevel::MEMORY_ONLY,
    StorageLevel::MEMORY_ONLY_SER,
    StorageLevel::MEMORY_AND_DISK,
    StorageLevel::MEMORY_AND_DISK_SER,
    StorageLevel::DISK_ONLY,
    StorageLevel::MEMORY_ONLY_2,
    StorageLevel::MEMORY_ONLY_SER_2,
    StorageLevel::MEMORY_AND_DISK_2,
    StorageLevel::MEMORY_AND_DISK_SER_2,
    StorageLevel::DISK_ONLY_2,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_is_read_by_its_name_and_no_other_name_is() {
        for level in LEVELS {
            assert_eq!(level.to_string().parse::<StorageLevel>().unwrap(), level);
        }
        let e = "OFF_HEAP".parse::<StorageLevel>().unwrap_err().to_string();
        assert!(e.contains("OFF_HEAP") && e.contains("MEMORY_AND_DISK_SER_2"), "{e}");
    }
}
