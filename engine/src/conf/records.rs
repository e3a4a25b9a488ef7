//! Settings of records: how long they may be, and what becomes of those that are not as they should be.

use serde::{Deserialize, Serialize};

use super::Conf;

/// What becomes of a line that is longer than [`Conf::max_line_bytes`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum LongLines {
    /// It is left out and counted as rejected.
    #[default]
    Skip,
    /// It is cut at the limit, on a character's boundary, and counted as cut.
    Cut,
}

/// What becomes of a line that is not UTF-8.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub enum InvalidUtf8 {
    /// Each malformed sequence becomes U+FFFD, as in Spark; the line is counted as mended. A line that
    /// is longer than [`Conf::max_line_bytes`] then is treated as [`Conf::long_lines`] says: left out and
    /// counted as rejected, or cut, and then it counts as mended alone. A block with such a line is
    /// rewritten in memory of its own, up to three times its size: for what sockets receive a part of
    /// [`Conf::memory_bytes`], reserved as the block closes; for what comes of files and queues no part of it,
    /// and gone with its batch.
    #[default]
    Replace,
    /// The line is left out and counted as rejected.
    Skip,
}

/// What becomes of a record that does not parse: a text of another form than
/// [`DStream::parse`](crate::DStream::parse) asks for, or a line without the column.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Unparsed {
    /// It is left out and counted as unparsed.
    #[default]
    Skip,
    /// It is counted, and its batch fails with a sentence that shows the record.
    Fail,
}

impl Conf {
    /// The longest line, in bytes without its line end, that is taken whole, and the longest record
    /// of bytes, without its length. 1 MiB by default. No operator is given a longer one, also where mending
    /// has made it longer ([`InvalidUtf8::Replace`]).
    pub fn max_line_bytes(mut self, bytes: usize) -> Self {
        self.max_line_bytes = bytes;
        self
    }

    /// What becomes of longer lines; they are skipped by default. Longer records with their length in
    /// front always are.
    pub fn long_lines(mut self, policy: LongLines) -> Self {
        self.long_lines = policy;
        self
    }

    /// What becomes of lines that are not UTF-8; they are mended by default.
    pub fn invalid_utf8(mut self, policy: InvalidUtf8) -> Self {
        self.invalid_utf8 = policy;
        self
    }

    /// What becomes of records that [`parse`](crate::DStream::parse) and
    /// [`field`](crate::DStream::field) cannot read; they are skipped by default.
    ///
    /// ```
    /// # use millstream::{Conf, Unparsed, secs, testing};
    /// let conf = Conf::new("strict").unparsed(Unparsed::Fail);
    /// let failed = testing::run_with(conf, secs(1), 1, |s, out| {
    ///     let lines = s.queue_stream([vec!["a 1", "b one"]]);
    ///     out.collect(&lines.fields(' ').parse::<(&str, i64)>().map(|(_, n)| n));
    ///     Ok(())
    /// });
    /// let sentence = failed.unwrap_err().to_string();
    /// assert!(sentence.contains(r#""one", column 1 (counted from 0) of "b one", is no i64"#));
    /// ```
    pub fn unparsed(mut self, policy: Unparsed) -> Self {
        self.unparsed = policy;
        self
    }
}
