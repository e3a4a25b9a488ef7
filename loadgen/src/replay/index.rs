//! Where the lines of a file are: one pass over it, at the start.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use memchr::{memchr, memchr_iter, memrchr};

use super::line_times::{HEAD_BYTES, LineTimes};
use super::{Moments, cannot, refusal};
use crate::error::Result;

/// How large a chunk is, unless a single line is larger.
pub(super) const CHUNK_BYTES: usize = 4 << 20;

/// The longest line: a connection holds the line that it sends in memory.
const MOST_LINE_BYTES: u64 = 64 << 20;

/// So much of a line that is refused is shown.
const SHOWN_CHARS: usize = 80;

/// A file in chunks of whole lines.
#[derive(Debug)]
pub(super) struct Index {
    chunks: Vec<ChunkStart>,
    /// Where the last chunk ends, and how many lines there are.
    end: ChunkStart,
}

/// Where a chunk starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ChunkStart {
    offset: u64,
    line: u64,
}

/// Which part of the file a chunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) offset: u64,
    pub(super) bytes: usize,
    pub(super) first_line: u64,
    pub(super) lines: u64,
}

impl Index {
    /// How many lines there are.
    pub(super) fn lines(&self) -> u64 {
        self.end.line
    }

    /// The chunk that a line is in.
    ///
    /// # Panics
    ///
    /// If there is no chunk.
    pub(super) fn chunk_of(&self, line: u64) -> usize {
        self.chunks.partition_point(|chunk| chunk.line <= line) - 1
    }

    pub(super) fn extent(&self, chunk: usize) -> Extent {
        let ChunkStart { offset, line } = self.chunks[chunk];
        let end = self.chunks.get(chunk + 1).unwrap_or(&self.end);
        Extent {
            offset,
            bytes: (end.offset - offset) as usize,
            first_line: line,
            lines: end.line - line,
        }
    }
}

/// Makes an index of a file, as fast as it can be read.
pub(super) struct Indexing<'a> {
    pub(super) path: &'a Path,
    pub(super) file: &'a File,
    /// As far as the file goes.
    pub(super) file_bytes: u64,
    /// More lines are not looked for, but those that share a chunk with the last.
    pub(super) most_lines: u64,
    pub(super) chunk_bytes: usize,
    /// Finds the lines' times, if they are asked for, and what becomes of them.
    pub(super) times: Option<(LineTimes, Moments)>,
}

impl Indexing<'_> {
    /// Reads the file, and gives the lines' due times if they were asked for. `goes_on` is asked
    /// after every few MiB, with the offset that is reached; if it says no, that is the end.
    pub(super) fn run(
        mut self,
        mut goes_on: impl FnMut(u64) -> bool,
    ) -> Result<(Index, Option<Moments>)> {
        let mut block = vec![0; self.chunk_bytes];
        let mut chunks = Vec::new();
        let mut at = ChunkStart { offset: 0, line: 0 };
        while at.offset < self.file_bytes && at.line < self.most_lines && goes_on(at.offset) {
            let left = self.file_bytes - at.offset;
            let block = &mut block[..left.min(self.chunk_bytes as u64) as usize];
            self.read(block, at.offset)?;
            let (bytes, lines) = match memrchr(b'\n', block) {
                _ if left == block.len() as u64 => {
                    // The last line may lack its newline.
                    let open = u64::from(block.last() != Some(&b'\n'));
                    (left, memchr_iter(b'\n', block).count() as u64 + open)
                }
                Some(last) => (last as u64 + 1, memchr_iter(b'\n', &block[..=last]).count() as u64),
                None => match self.long_line(at, block.len(), &mut goes_on)? {
                    Some(bytes) => (bytes, 1),
                    None => break,
                },
            };
            let whole = &block[..bytes.min(block.len() as u64) as usize];
            self.note_times(whole, at.line)?;
            chunks.push(at);
            at = ChunkStart { offset: at.offset + bytes, line: at.line + lines };
        }
        Ok((Index { chunks, end: at }, self.times.map(|(_, moments)| moments)))
    }

    /// The length of a line that does not end within a block; nothing if the reading is to end.
    fn long_line(
        &self,
        start: ChunkStart,
        known_bytes: usize,
        goes_on: &mut impl FnMut(u64) -> bool,
    ) -> Result<Option<u64>> {
        let mut block = vec![0; self.chunk_bytes];
        let mut end = start.offset + known_bytes as u64;
        let mut is_whole = false;
        while !is_whole && end < self.file_bytes {
            if !goes_on(end) {
                return Ok(None);
            }
            let left = self.file_bytes - end;
            let block = &mut block[..left.min(self.chunk_bytes as u64) as usize];
            self.read(block, end)?;
            let newline = memchr(b'\n', block);
            is_whole = newline.is_some();
            end += newline.map_or(block.len(), |at| at + 1) as u64;
        }
        let bytes = end - start.offset;
        if bytes > MOST_LINE_BYTES {
            return Err(refusal(
                self.path,
                format!(
                    "cannot be replayed: its line {}, from byte {} on, has {bytes} bytes, and a line \
                     may have {MOST_LINE_BYTES}",
                    start.line + 1,
                    start.offset,
                ),
            ));
        }
        Ok(Some(bytes))
    }

    fn note_times(&mut self, whole_lines: &[u8], first_line: u64) -> Result<()> {
        let Some((times, moments)) = &mut self.times else { return Ok(()) };
        let open = Some(whole_lines.len()).filter(|_| whole_lines.last() != Some(&b'\n'));
        let mut start = 0;
        for end in memchr_iter(b'\n', whole_lines).chain(open) {
            let line = &whole_lines[start..end];
            let time_us = times.next_us(line);
            if time_us.is_none() && first_line == 0 && start == 0 {
                let head = &line[..line.len().min(HEAD_BYTES)];
                let sought = times.sought(head);
                return Err(refusal(
                    self.path,
                    format!(
                        "cannot be replayed at its own speed: its first line has {sought}. It \
                         begins with \"{}\"; --time-column names another column, and --rate asks for \
                         no times",
                        harmless(head)
                    ),
                ));
            }
            moments.push(time_us);
            start = end + 1;
        }
        Ok(())
    }

    fn read(&self, block: &mut [u8], offset: u64) -> Result<()> {
        self.file.read_exact_at(block, offset).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => refusal(
                self.path,
                format!(
                    "was cut while it was read: it had {} bytes, and now it ends before byte {}; \
                     replay a file that no other program writes to",
                    self.file_bytes,
                    offset + block.len() as u64
                ),
            ),
            _ => cannot("read", self.path)(error),
        })
    }
}

/// The beginning of a line that may hold anything, to be shown on a terminal.
fn harmless(line: &[u8]) -> String {
    String::from_utf8_lossy(line).chars().flat_map(char::escape_debug).take(SHOWN_CHARS).collect()
}
