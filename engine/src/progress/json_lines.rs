//! Reports as lines of JSON, for programs that read them.

use std::io::{self, Write};
use std::path::Path;

use parking_lot::Mutex;

use super::{BatchReport, Listener};
use crate::disk::{Disk, DiskFile};
use crate::printable::printable_json;
use crate::stderr::say;

/// A listener that writes each [`BatchReport`] as one line of JSON, of which no character gives a terminal orders.
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
        let json = serde_json::to_string(report).expect("a report has no maps with odd keys");
        let mut line = printable_json(&json).into_owned();
        line.push('\n');
        let mut out = self.0.lock();
        if let Err(e) = out.write_all(line.as_bytes()).and_then(|()| out.flush()) {
            say!("the progress of batch {} could not be written: {e}", report.batch_time_ms);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Time, millis};

    #[test]
    fn what_a_sender_has_put_into_an_error_commands_no_terminal() {
        let lines = JsonLines::new(Vec::new());
        let mut report = BatchReport::from((Time::from_millis(1000), millis(500)));
        report.errors.push("\u{9b}2J\u{7f}\u{1b}[2J is no number".into());
        lines.batch_completed(&report);
        let line = String::from_utf8(lines.0.lock().clone()).unwrap();
        let error = r#"["\u009b2J\u007f\u001b[2J is no number"]"#;
        assert!(line.contains(error) && line.ends_with('\n'), "{line}");
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["errors"][0], report.errors[0]);
    }
}
