//! Reports as lines of JSON, for programs that read them.

use std::io::{self, Write};
use std::path::Path;

use parking_lot::Mutex;

use super::{BatchReport, Listener};
use crate::disk::{Disk, DiskFile};
use crate::stderr::say;

/// A listener that writes each [`BatchReport`] as one line of JSON.
///
/// ```
/// use millstream::{Conf, progress::JsonLines};
/// let conf = Conf::new("counts").listener(JsonLines::new(std::io::stderr()));
/// ```
pub struct JsonLines<W>(Mutex<W>);

impl<W: Write + Send> JsonLines<W> {
    /// Writes to `out`, a line and a flush per batch.
    pub fn new(out: W) -> Self {
        JsonLines(Mutex::new(out))
    }
}

impl<F: DiskFile> JsonLines<F> {
    /// Writes to a new file at `path`; fails where there is one already.
    ///
    /// ```
    /// use millstream::{disk::MemoryDisk, progress::JsonLines};
    /// let disk = MemoryDisk::default();
    /// let lines = JsonLines::create(&disk, "progress.ndjson".as_ref())?;
    /// assert!(JsonLines::create(&disk, "progress.ndjson".as_ref()).is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn create<D: Disk<File = F>>(disk: &D, path: &Path) -> io::Result<Self> {
        Ok(JsonLines::new(disk.create_new(path)?))
    }
}

impl<W: Write + Send> Listener for JsonLines<W> {
    fn batch_completed(&self, report: &BatchReport) {
        let mut line = serde_json::to_string(report).expect("a report has no maps with odd keys");
        line.push('\n');
        let mut out = self.0.lock();
        if let Err(e) = out.write_all(line.as_bytes()).and_then(|()| out.flush()) {
            say!("the progress of batch {} could not be written: {e}", report.batch_time_ms);
        }
    }
}
