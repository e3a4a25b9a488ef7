//! Reads one connection into one buffer and hands its lines to a kernel.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use memchr::memrchr;

/// Bytes that a connection reads into, again and again: small enough that a kernel finds them in
/// the cache, large enough that the calls to the system do not count.
pub(super) const BUFFER: usize = 256 << 10;

/// What a job found in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Bytes, and nothing looked at.
    Received,
    /// Lines, and nothing else.
    Counted,
    /// Lines that hold the needle.
    Matched(u64),
    /// Words.
    Words {
        /// Different words.
        distinct: u64,
        /// All words.
        total: u64,
    },
}

/// What one job does with the text of one connection.
pub(super) trait Kernel: Send {
    /// How much of what has been read it takes now: whole lines.
    fn takes(&self, text: &[u8]) -> usize {
        memrchr(b'\n', text).map_or(0, |newline| newline + 1)
    }

    fn feed(&mut self, text: &[u8]);

    /// Adds what another connection found.
    fn absorb(&mut self, other: &Self);

    /// Forgets what was found, and keeps its memory.
    fn clear(&mut self);

    fn lines(&self) -> u64;

    fn answer(&self) -> Answer;
}

/// Reads and discards.
#[derive(Default)]
pub(super) struct Discard;

impl Kernel for Discard {
    fn takes(&self, text: &[u8]) -> usize {
        text.len()
    }

    fn feed(&mut self, _text: &[u8]) {}

    fn absorb(&mut self, _other: &Self) {}

    fn clear(&mut self) {}

    fn lines(&self) -> u64 {
        0
    }

    fn answer(&self) -> Answer {
        Answer::Received
    }
}

/// What a connection has found in the batch so far. The lock is held while a buffer is worked on,
/// never while waiting for bytes, so the batch can be taken from a silent connection too.
pub(super) struct Share<K> {
    pub(super) kernel: K,
    pub(super) bytes: u64,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Feeds all that comes from `source` until it ends or `stop` is set; then the line that had no end
/// is fed as it is. A line longer than the buffer is an error.
pub(super) fn read_all<K: Kernel>(
    mut source: impl Read,
    share: &Mutex<Share<K>>,
    stop: &AtomicBool,
) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    let mut carried = 0;
    while !stop.load(Ordering::Relaxed) {
        let read = match source.read(&mut buffer[carried..]) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // Who shuts down a connection that still brings data is told that it was reset.
            Err(_) if stop.load(Ordering::Relaxed) => break,
            Err(error) => return Err(error),
        };
        let filled = carried + read;
        let mut share = lock(share);
        let taken = share.kernel.takes(&buffer[..filled]);
        share.kernel.feed(&buffer[..taken]);
        share.bytes += read as u64;
        drop(share);
        buffer.copy_within(taken..filled, 0);
        carried = filled - taken;
        if carried == buffer.len() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a line fills the buffer"));
        }
    }
    lock(share).kernel.feed(&buffer[..carried]);
    Ok(())
}
