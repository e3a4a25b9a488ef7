//! Scratch files, one after the other.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use crate::disk::{AnyDisk, Scratch, failed, make_directory};
use crate::error::{Error, Result};

/// A file has so many bytes, and then another one is begun: its room comes back with the last that is in it.
const FILE_BYTES: u64 = 64 << 20;

/// How many bytes are on disk now.
pub(crate) type OnDisk = Arc<AtomicU64>;

/// Where bytes are put that memory has no room for.
pub(crate) struct ScratchFiles {
    disk: Arc<dyn AnyDisk>,
    directory: PathBuf,
    open: Option<Box<dyn Scratch>>,
    on_disk: OnDisk,
}

impl ScratchFiles {
    /// In this directory, which is made when the first file is.
    pub(crate) fn in_directory(disk: Arc<dyn AnyDisk>, directory: PathBuf) -> Self {
        ScratchFiles { disk, directory, open: None, on_disk: OnDisk::default() }
    }

    /// Makes sure that files can be made there.
    pub(crate) fn open(disk: Arc<dyn AnyDisk>, directory: PathBuf) -> Result<Self> {
        let mut files = ScratchFiles::in_directory(disk, directory);
        files.make_sure()?;
        Ok(files)
    }

    /// Makes sure that there is a file that takes bytes.
    pub(super) fn make_sure(&mut self) -> Result<()> {
        if self.open.is_none() {
            self.open = Some(self.begin()?);
        }
        Ok(())
    }

    /// How many bytes are on disk now.
    pub(crate) fn on_disk(&self) -> OnDisk {
        self.on_disk.clone()
    }

    /// Puts `parts` there in a row, whole or not at all, and gives them as they are read from there.
    pub(crate) fn put(&mut self, parts: &[&[u8]]) -> Result<Bytes> {
        let mut file = match self.open.take() {
            Some(file) => file,
            None => self.begin()?,
        };
        // Where it fails the file is let go, and with it what room it has taken in vain.
        let range = file.append(parts).map_err(|e| self.failed("writing to", &e))?;
        let bytes = file.read(range.clone()).map_err(|e| self.failed("reading from", &e))?;
        if range.end < FILE_BYTES {
            self.open = Some(file);
        }
        self.on_disk.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(Bytes::from_owner(Counted { bytes, on_disk: self.on_disk.clone() }))
    }

    fn begin(&self) -> Result<Box<dyn Scratch>> {
        make_directory(&*self.disk, &self.directory)?;
        self.disk.scratch(&self.directory).map_err(|e| self.failed("making", &e))
    }

    fn failed(&self, doing: &str, error: &std::io::Error) -> Error {
        failed(&format!("{doing} a file without a name in"), &self.directory, error)
    }
}

/// Bytes that are counted as on disk for as long as they live.
struct Counted {
    bytes: Bytes,
    on_disk: OnDisk,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.on_disk.fetch_sub(self.bytes.len() as u64, Ordering::Relaxed);
    }
}
