//! A log: frames that are appended, made durable by a sync, and read back in order.
//!
//! It lies in files, its segments, which are begun, filled, and collected when their frames are no
//! longer needed. `docs/durable-files.md` says what becomes of what is broken. In short: where a
//! segment is followed by another, its frames below the first of that one are in the log, and
//! nothing else of it is; and a segment has its name only once all frames before it are durable, and
//! those that it was given to begin with.

mod place;
mod recovery;

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use place::Place;
pub(crate) use place::SEGMENTS;
use recovery::{Recovered, recover};

use crate::directory::Directory;
use crate::disk::{DiskFile, Unpublished, failed, publish};
use crate::error::{Error, Result};
use crate::frame::{Frame, Header, Salt, write_frame};

/// A segment that has more is followed by a new one.
const SEGMENT_BYTES: u64 = 64 << 20;

/// A log that one thread writes.
pub(crate) struct Log {
    place: Place,
    /// The oldest first.
    segments: VecDeque<Segment>,
    /// Of the next segment.
    number: u64,
    /// The last of the segments, if it can be written to.
    open: Option<Open>,
    /// The sequence of the next frame.
    next: u64,
    /// All frames below are durable.
    synced: u64,
    segment_bytes: u64,
    /// Why it takes nothing more.
    over: Option<Error>,
}

/// A file of a log.
struct Segment {
    number: u64,
    /// The sequence of its first frame, or, if it has none, of the first behind it.
    first: u64,
}

struct Open {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    salt: Salt,
    bytes: u64,
}

/// A log that has been read.
pub(crate) struct ReadLog {
    place: Place,
    recovered: Recovered,
}

impl ReadLog {
    /// What was found and would be left out, in sentences.
    pub(crate) fn warnings(&self) -> &[String] {
        &self.recovered.warnings
    }

    /// Has what was read be in the log for good. Also answers with what was found and left out, in
    /// sentences.
    pub(crate) fn go_on(self) -> Result<(Log, Vec<String>)> {
        let ReadLog { place, recovered } = self;
        let mut log = Log {
            place,
            segments: recovered.segments,
            number: recovered.number,
            open: None,
            next: recovered.next,
            synced: recovered.durable,
            segment_bytes: SEGMENT_BYTES,
            over: None,
        };
        if !recovered.doubtful.is_empty() {
            log.begin_segment(&recovered.doubtful)?;
        }
        Ok((log, recovered.warnings))
    }
}

impl Log {
    /// Opens the log of this name, makes it where there is none, and calls `visit` with its frames
    /// from the sequence `from` on, of which the caller says by this that all before it were
    /// durable. A frame is in the log for good only when this has succeeded.
    ///
    /// Also answers with what was found and left out, in sentences.
    #[cfg(any(test, feature = "internals"))]
    pub(crate) fn open(
        directory: &Arc<Directory>,
        name: &'static str,
        from: u64,
        visit: impl FnMut(Frame) -> Result<()>,
    ) -> Result<(Log, Vec<String>)> {
        Log::read(directory, name, from, visit)?.go_on()
    }

    /// As `open`, but nothing is written yet: what is [gone on](ReadLog::go_on) with is in the log for good.
    pub(crate) fn read(
        directory: &Arc<Directory>,
        name: &'static str,
        from: u64,
        visit: impl FnMut(Frame) -> Result<()>,
    ) -> Result<ReadLog> {
        let place = Place::of(directory, name);
        let recovered = recover(&place, from, visit)?;
        Ok(ReadLog { place, recovered })
    }

    /// The same log with segments of another size.
    #[cfg(test)]
    pub(crate) fn with_segment_bytes(mut self, segment_bytes: u64) -> Self {
        self.segment_bytes = segment_bytes;
        self
    }

    /// The sequence that the next frame will have.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// The sequence below which all frames are durable.
    #[cfg(any(test, feature = "internals"))]
    pub(crate) fn synced(&self) -> u64 {
        self.synced
    }

    /// Appends a frame whose payload has these parts, and answers its sequence. It is durable after
    /// the next [`sync`](Log::sync). Where this fails the frame is not in the log, and the next one
    /// may succeed.
    pub(crate) fn append(&mut self, kind: u8, parts: &[&[u8]]) -> Result<u64> {
        self.still_on()?;
        if self.open.as_ref().is_some_and(|open| open.bytes > self.segment_bytes) {
            self.end_segment()?;
        }
        let header = Header::of(kind, self.next, self.synced, parts);
        let header = header.ok_or_else(|| Error::Argument {
            operation: "the append to a log",
            what: "the payload",
            got: format!("{} bytes long", parts.iter().map(|part| part.len()).sum::<usize>()),
            want: "at most 2^30 bytes long",
        })?;
        if self.open.is_none() {
            self.begin_segment(&[])?;
        }
        let open = self.open.as_mut().expect("a segment is open, or has just been begun");
        match write_frame(&mut *open.file, open.salt, header, parts) {
            Ok(bytes) => open.bytes += bytes,
            Err(e) => {
                let error = failed("writing", &open.path, &e);
                self.end_segment()?;
                return Err(error);
            }
        }
        self.next += 1;
        Ok(self.next - 1)
    }

    /// Makes all frames durable that have been appended. Where this fails the log is over.
    pub(crate) fn sync(&mut self) -> Result<()> {
        self.still_on()?;
        if let Some(open) = &mut self.open
            && self.synced < self.next
        {
            if let Err(error) = sync_in_place(open, &self.place) {
                return Err(self.end(error));
            }
            self.synced = self.next;
        }
        Ok(())
    }

    /// Removes the segments all of whose frames are below a sequence, but never the last one.
    pub(crate) fn collect(&mut self, below: u64) -> Result<()> {
        self.still_on()?;
        while self.segments.get(1).is_some_and(|second| second.first <= below) {
            let oldest = self.place.path(self.segments[0].number);
            match self.place.disk().remove(&oldest) {
                Err(e) if e.kind() != ErrorKind::NotFound => {
                    return Err(failed("removing", &oldest, &e));
                }
                _ => {}
            }
            // One by one, for what is left must have no hole.
            if let Err(unsynced) = self.place.sync() {
                return Err(self.ends_by(unsynced));
            }
            self.segments.pop_front();
        }
        Ok(())
    }

    /// Makes what is in the open segment durable, and leaves it as it is.
    fn end_segment(&mut self) -> Result<()> {
        self.sync()?;
        self.open = None;
        Ok(())
    }

    /// Begins a segment behind what is durable, with frames that may not be.
    fn begin_segment(&mut self, doubtful: &[Frame]) -> Result<()> {
        let (number, first, next) = (self.number, self.synced, self.next);
        self.number += 1;
        let (path, begin) = (self.place.path(number), self.place.begin(number));
        let (salt, mut bytes) = (begin.salt(), 0);
        let fill = |file: &mut dyn DiskFile| {
            bytes += begin.write(file, first, next)?;
            for frame in doubtful {
                bytes += frame.write(file, salt, first)?;
            }
            Ok(())
        };
        let published = publish(self.place.disk(), &path, fill, |_| Ok(()));
        let file = published.map_err(|unpublished| self.ends_by(unpublished))?;
        self.segments.push_back(Segment { number, first });
        self.open = Some(Open { file, path, salt, bytes });
        self.synced = next;
        Ok(())
    }

    fn still_on(&self) -> Result<()> {
        self.over.clone().map_or(Ok(()), Err)
    }

    /// What is to be said of it; takes nothing more where a sync has failed.
    fn ends_by(&mut self, Unpublished { error, by_sync }: Unpublished) -> Error {
        if by_sync { self.end(error) } else { error }
    }

    /// Takes nothing more, because of `error`.
    fn end(&mut self, error: Error) -> Error {
        self.open = None;
        let error = match error {
            // What it says is all that there is to say: no sync has failed, or the disk is not what has to be seen to.
            Error::FileLost { .. }
            | Error::DirectoryLost { .. }
            | Error::GoneOnElsewhere { .. }
            | Error::Damaged { .. }
            | Error::Foreign { .. } => error,
            other => Error::LogOver {
                directory: self.place.directory().display().to_string(),
                reason: other.to_string(),
            },
        };
        self.over.insert(error).clone()
    }
}

/// Makes a segment durable, where its name leads to it still: under another one, or none, nobody would find it.
fn sync_in_place(open: &mut Open, place: &Place) -> Result<()> {
    open.file.sync().map_err(|e| failed("syncing", &open.path, &e))?;
    match open.file.is_at(&open.path) {
        Ok(true) => Ok(()),
        Ok(false) => Err(place.lost(&open.path)),
        Err(e) => Err(failed("looking at", &open.path, &e)),
    }
}

#[cfg(test)]
mod tests;
