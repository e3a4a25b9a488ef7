//! What a file stream reads, as a program says it.

use std::fmt;
use std::sync::Arc;

use crate::time::{Duration, secs};

/// How long files are remembered where nobody says otherwise: Spark's
/// `spark.streaming.fileStream.minRememberDuration`.
const USUALLY_REMEMBERED: Duration = secs(60);

/// Decides by a file's name, within its directory, whether it is read.
pub(super) type Filter = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Which files a [`file_stream`](crate::Scope::file_stream) reads: the settings of the original's
/// `fileStream`, and one more.
///
/// ```
/// use millstream::{FileStream, mins};
/// let logs = FileStream::new("logs/2026-*").filter(|name| name.ends_with(".log")).remember(mins(5));
/// ```
#[derive(Clone)]
#[must_use = "it says which files to read; give it to Scope::file_stream"]
pub struct FileStream {
    pub(super) directory: String,
    pub(super) filter: Filter,
    pub(super) new_files_only: bool,
    pub(super) remember: Duration,
    pub(super) any_age: bool,
}

impl FileStream {
    /// The files directly inside `directory`, those whose names start with a dot aside.
    ///
    /// The directory may be a pattern that several match, as in `logs/2026-*`: `*` is any part of a
    /// name, `?` any character, `[abc]` and `[a-z]` one of these, `[!abc]` none of them, `[[]` a
    /// bracket. As in a shell, a dot at a name's beginning is matched by a dot only. The pattern is
    /// looked up again for every batch, so a directory that is made later, or renamed, is found.
    pub fn new(directory: impl Into<String>) -> Self {
        FileStream {
            directory: directory.into(),
            filter: Arc::new(|name| !name.starts_with('.')),
            new_files_only: true,
            remember: USUALLY_REMEMBERED,
            any_age: false,
        }
    }

    /// Reads the files for whose name, within its directory, `keep` holds. It takes the place of
    /// the rule about dots. A name that is not UTF-8 is shown with U+FFFD in it.
    pub fn filter(mut self, keep: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.filter = Arc::new(keep);
        self
    }

    /// Whether files from before the start are left out, which they are by default; where a checkpoint is
    /// gone on from, that is the start of the first process. If not, those
    /// that were changed within the time that files are remembered for are read by the first batch.
    pub fn new_files_only(mut self, only: bool) -> Self {
        self.new_files_only = only;
        self
    }

    /// How far back a file's modification time may lie for it to be new, and for how long it is
    /// remembered that a file was read: 60 s by default, rounded up to whole batches. A file that is
    /// moved in keeps its modification time, so an older one is not seen; see
    /// [`any_age`](FileStream::any_age).
    pub fn remember(mut self, time: Duration) -> Self {
        self.remember = time;
        self
    }

    /// Whether every file counts as new whose path was not seen before, whatever its modification
    /// time: for files that are moved in with an old one. With
    /// [`new_files_only`](FileStream::new_files_only) those that are there at the start were seen. A
    /// path is remembered for as long as it is listed, so a file that is rewritten in place is not
    /// read again. A job that goes on from a checkpoint must have this as it had it then.
    pub fn any_age(mut self, any: bool) -> Self {
        self.any_age = any;
        self
    }
}

impl fmt::Debug for FileStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStream")
            .field("directory", &self.directory)
            .field("new_files_only", &self.new_files_only)
            .field("remember", &self.remember)
            .field("any_age", &self.any_age)
            .finish_non_exhaustive()
    }
}
