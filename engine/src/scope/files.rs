//! Streams that begin at files.

use super::Scope;
use crate::dstream::DStream;
use crate::framing::Framing;
use crate::graph::SourceKind;
use crate::intake::files::{FileStream, Files};
use crate::pipe::{Lines, Records};

impl<'b> Scope<'b> {
    /// The lines of new text files in `directory`, which may be a pattern of directories; the
    /// settings are those of [`FileStream::new`].
    ///
    /// A file is new to the batch at `t` where it was modified after the start, at `t` at the latest
    /// and less than 60 s before `t`, and where its path was not read in that time. So write files
    /// elsewhere on the same file system and rename them into the directory when they are whole: a
    /// file that is still being written is read as far as it goes, and never again. Lines are those
    /// of [`socket_text_stream`](Scope::socket_text_stream); a file's last one needs no line end.
    ///
    /// Cost: a listing of the directory for each batch, on the driver's thread, which also reads the
    /// files; memory for the files of a batch, and of those that windows of raw records keep: together
    /// at most [`Conf::memory_bytes`](crate::Conf::memory_bytes), beside the received data. More files
    /// wait for the next batches; one that is larger is left out, and that is an error. So is a file that
    /// shrinks while it is read. A directory that cannot be listed is warned of and tried again.
    ///
    /// If the process dies and is gone on with from its checkpoint directory, the first batch takes what
    /// came meanwhile too, however long that was: it looks as far back as the first of the batches that
    /// were left out would have. With [`Conf::write_ahead_log`](crate::Conf::write_ahead_log) it is noted
    /// which files each batch was given, and no file is taken twice: a batch that was not done, or whose
    /// states and windows are in no checkpoint yet, is given the same files again, as far as they were
    /// read. So leave files as they are until a checkpoint has what they led to; one that is gone by then,
    /// or has another content, is a loss that is said like the others. Without the log the files of batches
    /// behind the newest checkpoint are taken once more, by the first batch: states, which go back to that
    /// checkpoint, have each record once; outputs have seen it twice. Cost: in each checkpoint the paths
    /// that are remembered; with the log a checksum of what is read.
    ///
    /// ```
    /// # use millstream::{Conf, Time, secs, testing};
    /// use millstream::disk::MemoryDisk;
    /// let disk = MemoryDisk::default();
    /// disk.put("in/monday", "to be\nor not", Time::from_millis(700));
    /// let conf = Conf::new("lines").disk(disk.clone());
    /// let lines = testing::run_with(conf, secs(1), 1, |s, out| {
    ///     out.collect(&s.text_file_stream("in").map(str::to_owned));
    ///     Ok(())
    /// })?;
    /// assert_eq!(lines, [["to be", "or not"]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn text_file_stream(&self, directory: impl Into<String>) -> DStream<'b, Lines> {
        self.files("text_file_stream", FileStream::new(directory))
    }

    /// As [`text_file_stream`](Scope::text_file_stream), also when the process dies, with a choice of files
    /// of one's own. Cost: as that, and a call of the filter for each file listed.
    ///
    /// ```
    /// # use millstream::{Conf, FileStream, Time, secs, testing};
    /// use millstream::disk::MemoryDisk;
    /// let disk = MemoryDisk::default();
    /// disk.put("in/a.log", "an old one, moved in", Time::from_millis(-1_000_000));
    /// disk.put("in/b.txt", "no log", Time::from_millis(700));
    /// let conf = Conf::new("logs").disk(disk.clone());
    /// let lines = testing::run_with(conf, secs(1), 1, |s, out| {
    ///     let logs = FileStream::new("in").filter(|name| name.ends_with(".log"));
    ///     let logs = s.file_stream(logs.any_age(true).new_files_only(false));
    ///     out.collect(&logs.map(str::to_owned));
    ///     Ok(())
    /// })?;
    /// assert_eq!(lines, [["an old one, moved in"]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn file_stream(&self, files: FileStream) -> DStream<'b, Lines> {
        self.files("file_stream", files)
    }

    /// Records of `record_bytes` each, borrowed from their block, of new files in `directory`, which
    /// are found and read as by [`text_file_stream`](Scope::text_file_stream), also after the process has
    /// died. A file whose length is
    /// no multiple of that gives none, and that is an error. A length of 0, or beyond
    /// [`Conf::max_line_bytes`](crate::Conf::max_line_bytes), makes the start fail. In Spark all such
    /// streams of an application read records of one length, the last one given; here each has its
    /// own. Cost: no copy and no allocation per record.
    ///
    /// ```
    /// # use millstream::{Conf, Time, secs, testing};
    /// use millstream::disk::MemoryDisk;
    /// let disk = MemoryDisk::default();
    /// disk.put("in/monday", b"\x00\x01\x01\x00", Time::from_millis(700));
    /// let conf = Conf::new("numbers").disk(disk.clone());
    /// let numbers = testing::run_with(conf, secs(1), 1, |s, out| {
    ///     let records = s.binary_records_stream("in", 2);
    ///     out.collect(&records.map(|record| u16::from_be_bytes([record[0], record[1]])));
    ///     Ok(())
    /// })?;
    /// assert_eq!(numbers, [[1, 256]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn binary_records_stream(
        &self,
        directory: impl Into<String>,
        record_bytes: usize,
    ) -> DStream<'b, Records> {
        let options = FileStream::new(directory);
        let files = Files::new("binary_records_stream", options, Some(record_bytes));
        let framing = Framing::Fixed(record_bytes);
        if let Err(e) = framing.check(files.operation(), self.most_record_bytes) {
            self.graph.lock().refuse(e);
        }
        self.records(files.name(), framing, SourceKind::Polled(Box::new(files)))
    }

    fn files(&self, operator: &str, files: FileStream) -> DStream<'b, Lines> {
        let files = Files::new(operator, files, None);
        self.lines(files.name(), SourceKind::Polled(Box::new(files)))
    }
}
