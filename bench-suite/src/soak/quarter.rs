//! What a long run is watched for: by quarter, how late batches are, and how much the process and its directory
//! have taken.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::strain::{Watched, anonymous_bytes};
use crate::strained::Told;

/// A quarter of the run.
pub(super) struct Quarter {
    watched: Watched,
    most: Taken,
    /// How often it was looked what is taken.
    samples: u64,
}

/// What a process has taken at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Taken {
    pub(super) memory_bytes: u64,
    pub(super) descriptors: u64,
    pub(super) directory_bytes: u64,
}

/// What is told of a quarter.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct QuarterFound {
    pub(super) batches: u64,
    pub(super) records: u64,
    pub(super) failed_batches: u64,
    pub(super) median_ms: f64,
    pub(super) p99_ms: f64,
    /// How often it was looked what is taken; where never, the figures below are none.
    pub(super) samples: u64,
    #[serde(flatten)]
    pub(super) most: Taken,
}

impl Quarter {
    pub(super) fn new() -> Result<Self> {
        Ok(Quarter { watched: Watched::new("soak")?, most: Taken::default(), samples: 0 })
    }

    pub(super) fn see(&mut self, told: &Told) -> Result<()> {
        self.watched.see(told)
    }

    pub(super) fn takes(&mut self, taken: Taken) {
        self.samples += 1;
        self.most = Taken {
            memory_bytes: self.most.memory_bytes.max(taken.memory_bytes),
            descriptors: self.most.descriptors.max(taken.descriptors),
            directory_bytes: self.most.directory_bytes.max(taken.directory_bytes),
        };
    }

    pub(super) fn found(&self) -> QuarterFound {
        QuarterFound {
            batches: self.watched.batches(),
            records: self.watched.records,
            failed_batches: self.watched.failed_batches,
            median_ms: self.watched.total_delay.at_ms(0.5),
            p99_ms: self.watched.total_delay.at_ms(0.99),
            samples: self.samples,
            most: self.most,
        }
    }
}

impl Taken {
    /// By the process of this number, and by the directory.
    pub(super) fn now(process: u32, directory: &Path) -> Result<Self> {
        let memory_bytes = anonymous_bytes(process).context("the process's memory is not told")?;
        let path = format!("/proc/{process}/fd");
        Ok(Taken {
            memory_bytes,
            descriptors: fs::read_dir(&path).with_context(|| path.clone())?.count() as u64,
            directory_bytes: bytes_in(directory)?,
        })
    }
}

/// Bytes of the files in a directory, and in those in it. What goes meanwhile is not there.
fn bytes_in(directory: &Path) -> Result<u64> {
    let entries = match fs::read_dir(directory) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries.with_context(|| directory.display().to_string())?,
    };
    let mut bytes = 0;
    for entry in entries {
        let entry = entry?;
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes += bytes_in(&entry.path())?,
            Ok(metadata) => bytes += metadata.len(),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e.into()),
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_takes_something() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("in")).unwrap();
        fs::write(home.path().join("in/file"), "four").unwrap();
        let taken = Taken::now(std::process::id(), home.path()).unwrap();
        assert!(taken.memory_bytes > 1 << 16 && taken.descriptors >= 3, "{taken:?}");
        assert_eq!(taken.directory_bytes, 4);
    }

    #[test]
    fn a_quarter_keeps_the_most_of_each() {
        let mut quarter = Quarter::new().unwrap();
        let taken =
            |memory_bytes, descriptors| Taken { memory_bytes, descriptors, directory_bytes: 1 };
        quarter.takes(taken(5, 9));
        quarter.takes(taken(7, 8));
        assert_eq!((quarter.found().most, quarter.found().samples), (taken(7, 9), 2));
    }
}
