//! Whether there is room in memory for what stages keep of a batch, and a place for it where there is not.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::ScratchFiles;
use crate::error::Result;
use crate::occasional::Occasional;
use crate::progress::Progress;
use crate::slabs::SlabPool;

/// Shared by the stages of a graph; clones are the same.
#[derive(Clone)]
pub(crate) struct Overflow(Arc<Shared>);

struct Shared {
    files: Mutex<ScratchFiles>,
    pool: SlabPool,
    progress: Arc<Progress>,
    said: Mutex<Occasional>,
}

impl Overflow {
    pub(crate) fn new(files: ScratchFiles, pool: SlabPool, progress: Arc<Progress>) -> Self {
        let (files, said) = (Mutex::new(files), Mutex::default());
        Overflow(Arc::new(Shared { files, pool, progress, said }))
    }

    /// Makes sure that there is a place: a directory that cannot be used is said before it is needed.
    pub(crate) fn make_sure(&self) -> Result<()> {
        self.0.files.lock().make_sure()
    }

    /// Whether memory has become scarce.
    pub(crate) fn is_wanted(&self) -> bool {
        self.0.pool.is_scarce()
    }

    /// The same bytes, on disk; nothing where they cannot be put there, which is told.
    pub(crate) fn put(&self, bytes: &[u8]) -> Option<Bytes> {
        match self.0.files.lock().put(&[bytes]) {
            Ok(there) => Some(there),
            Err(error) => {
                if self.0.said.lock().is_time() {
                    let cure = "what was to be persisted there is kept in memory";
                    self.0.progress.warn(format!("{error}; {cure}"));
                }
                None
            }
        }
    }
}
