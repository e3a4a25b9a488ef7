//! The roof: what a bare loop written for one job reaches over the same bytes, with no engine.
//!
//! One thread and one buffer for each connection, reused while it is warm; once per batch interval
//! the shares of the connections are merged into the batch's answer. An engine's run is compared
//! with this, so nothing here is general: a loop knows its job, and trusts its sender.

mod edges;
pub mod grep;
mod huge_pages;
pub mod in_memory;
pub mod key_sum;
pub mod lines;
pub mod number_sum;
#[cfg(test)]
mod odd_text;
#[cfg(test)]
mod pieces;
mod receive;
mod reference;
mod send;
mod simd;
pub mod word_count;
mod word_edges;
mod word_table;

use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

pub use receive::Answer;
use receive::{Discard, Kernel, Share, lock, read_all};
pub use reference::Reference;
pub use send::send;

/// What is done with the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    /// Read and discard.
    Receive,
    /// Count lines.
    Count,
    /// Count the lines that hold the needle.
    Grep {
        /// Bytes without a newline.
        needle: Vec<u8>,
    },
    /// Count how often each word occurs.
    WordCount,
}

/// What a job found in one batch interval; the last may be shorter than the others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Batch {
    /// From the end of the batch before to the end of this one.
    pub seconds: f64,
    /// Bytes read.
    pub bytes: u64,
    /// Lines read; none for [`Job::Receive`], which does not look.
    pub lines: u64,
    /// What the job is for.
    pub answer: Answer,
}

/// A whole run, from the moment that all connections stood.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Until the last connection ended or the time was up, and the last batch was merged.
    pub seconds: f64,
    /// Bytes read.
    pub bytes: u64,
    /// Lines read; none for [`Job::Receive`].
    pub lines: u64,
    /// In order of time. The first two find cold tables, which grow, and are no measure.
    pub batches: Vec<Batch>,
}

/// Does a job over all connections until every sender has closed, or for `run_for`; the line that
/// the end of the time cuts counts as it is. CPU time is the caller's to measure.
pub fn run(
    job: &Job,
    connect: &[SocketAddr],
    batch: Duration,
    run_for: Duration,
) -> io::Result<Measured> {
    match job {
        Job::Receive => run_kernel(Discard::default, connect, batch, run_for),
        Job::Count => run_kernel(lines::Lines::default, connect, batch, run_for),
        Job::Grep { needle } => run_kernel(|| grep::Grep::new(needle), connect, batch, run_for),
        Job::WordCount => run_kernel(word_count::Counter::default, connect, batch, run_for),
    }
}

fn run_kernel<K: Kernel>(
    kernel: impl Fn() -> K,
    connect: &[SocketAddr],
    batch: Duration,
    run_for: Duration,
) -> io::Result<Measured> {
    let streams = connect.iter().map(TcpStream::connect).collect::<io::Result<Vec<_>>>()?;
    let shares = || streams.iter().map(|_| Share { kernel: kernel(), bytes: 0 });
    let filling: Vec<_> = shares().map(Mutex::new).collect();
    let mut batches =
        Batches { spare: shares().collect(), taken: Vec::new(), last: Instant::now() };
    let start = batches.last;
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let (open, all_closed) = mpsc::channel::<()>();
        let readers: Vec<_> = streams
            .iter()
            .zip(&filling)
            .map(|(stream, share)| {
                let (open, stop) = (open.clone(), &stop);
                scope.spawn(move || {
                    let _closed_when_dropped = open;
                    read_all(stream, share, stop)
                })
            })
            .collect();
        drop(open);
        let end = start + run_for;
        let mut tick = start + batch;
        while tick < end && wait_until(tick, &all_closed) {
            batches.take(&filling);
            tick += batch;
        }
        if tick >= end {
            wait_until(end, &all_closed);
        }
        stop.store(true, Ordering::Relaxed);
        // What ends a read that waits; a peer that has gone already is no failure.
        streams.iter().for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
        for reader in readers {
            reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        batches.take(&filling);
        Ok(batches.measured(start))
    })
}

/// Waits for a moment; false if all connections closed before it.
fn wait_until(moment: Instant, all_closed: &mpsc::Receiver<()>) -> bool {
    let left = moment.saturating_duration_since(Instant::now());
    matches!(all_closed.recv_timeout(left), Err(RecvTimeoutError::Timeout))
}

/// The batches taken so far, and empty shares to swap for full ones, so that no connection waits
/// for a merge.
struct Batches<K> {
    spare: Vec<Share<K>>,
    taken: Vec<Batch>,
    last: Instant,
}

impl<K: Kernel> Batches<K> {
    fn take(&mut self, filling: &[Mutex<Share<K>>]) {
        for (share, spare) in filling.iter().zip(&mut self.spare) {
            std::mem::swap(&mut *lock(share), spare);
        }
        let now = Instant::now();
        let bytes = self.spare.iter().map(|share| share.bytes).sum();
        let Some((merged, others)) = self.spare.split_first_mut() else { return };
        others.iter().for_each(|other| merged.kernel.absorb(&other.kernel));
        self.taken.push(Batch {
            seconds: (now - self.last).as_secs_f64(),
            bytes,
            lines: merged.kernel.lines(),
            answer: merged.kernel.answer(),
        });
        self.last = now;
        for share in &mut self.spare {
            share.kernel.clear();
            share.bytes = 0;
        }
    }

    fn measured(self, start: Instant) -> Measured {
        Measured {
            seconds: start.elapsed().as_secs_f64(),
            bytes: self.taken.iter().map(|batch| batch.bytes).sum(),
            lines: self.taken.iter().map(|batch| batch.lines).sum(),
            batches: self.taken,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;

    use super::*;

    const TEXT: &[u8] = b"an error, or two errors\nno\n\nanother error";

    fn run_on(job: Job, pause: Duration, run_for: Duration) -> Measured {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut clients = [listener.accept().unwrap().0, listener.accept().unwrap().0];
                clients.iter_mut().for_each(|client| client.write_all(TEXT).unwrap());
                thread::sleep(pause);
            });
            run(&job, &[address; 2], Duration::from_millis(50), run_for).unwrap()
        })
    }

    #[test]
    fn every_job_ends_with_its_senders() {
        let grep = Job::Grep { needle: b"error".to_vec() };
        for (job, lines, answer) in [
            (Job::Receive, 0, Answer::Received),
            (Job::Count, 8, Answer::Counted),
            (grep, 8, Answer::Matched(4)),
            (Job::WordCount, 8, Answer::Words { distinct: 8, total: 16 }),
        ] {
            let measured = run_on(job, Duration::ZERO, Duration::from_secs(20));
            assert!(measured.seconds < 10.0);
            assert_eq!((measured.bytes, measured.lines), (2 * TEXT.len() as u64, lines));
            assert_eq!(measured.batches[0].answer, answer);
        }
    }

    #[test]
    fn a_silent_sender_holds_up_neither_the_batches_nor_the_end() {
        let measured = run_on(Job::Count, Duration::from_secs(2), Duration::from_millis(300));
        assert!(measured.seconds < 1.5);
        assert_eq!(measured.batches.len(), 6);
        assert_eq!(measured.lines, 8);
    }
}
