//! The thread that owns what is written to files: it writes, syncs and renames, so that no task and
//! no driver ever waits in the file system.
//!
//! Tasks render a batch's bytes, an output hands them over with the folder that they belong into,
//! and waits for the answer unless the stream is stopped at once.

mod folder;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use crate::disk::AnyDisk;
use crate::error::{Error, Result};
use crate::threads::EngineThread;

/// How often who waits for an answer looks whether it still should.
const LOOK: Duration = Duration::from_millis(10);

/// The way to the writer's thread. Clones lead to the same one; it ends with the last of them.
#[derive(Clone)]
pub(crate) struct Writer(Sender<Job>);

/// What a writer's thread has to do.
pub(crate) struct Jobs(Receiver<Job>);

/// A folder to be written whole.
struct Job {
    folder: PathBuf,
    /// By partition.
    parts: Vec<Vec<u8>>,
    /// Set when nobody waits for the folder any more.
    cancelled: Arc<AtomicBool>,
    answer: Sender<Result<(), String>>,
}

impl Writer {
    /// A writer, and the jobs that its thread will be given.
    pub(crate) fn new() -> (Self, Jobs) {
        let (jobs, arriving) = channel();
        (Writer(jobs), Jobs(arriving))
    }

    /// Has `folder` written, with a file for each of `parts`, whole or not at all, and waits for
    /// it. Fails with a sentence that names the path, and where `cancelled` is set meanwhile.
    pub(crate) fn write(
        &self,
        folder: PathBuf,
        parts: Vec<Vec<u8>>,
        cancelled: &Arc<AtomicBool>,
    ) -> Result<(), String> {
        let stopped = format!("{}: {}", folder.display(), folder::STOPPED);
        let (answer, answered) = channel();
        let job = Job { folder, parts, cancelled: cancelled.clone(), answer };
        self.0.send(job).expect("the writer's thread ends after the last writer");
        loop {
            match answered.recv_timeout(LOOK) {
                Ok(outcome) => return outcome,
                Err(RecvTimeoutError::Timeout) if cancelled.load(Ordering::Relaxed) => {
                    return Err(stopped);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    unreachable!("the writer answers every job, or its panic ends the process")
                }
            }
        }
    }
}

impl Jobs {
    /// Starts the thread that works them off.
    pub(crate) fn work_off(self, disk: Arc<dyn AnyDisk>) -> Result<EngineThread> {
        let work = move || {
            for Job { folder, parts, cancelled, answer } in self.0 {
                let outcome = folder::write_whole(&*disk, &folder, &parts, &cancelled);
                // Who has stopped waiting has said why.
                drop(answer.send(outcome));
            }
        };
        EngineThread::spawn("writer".into(), work)
            .map_err(|e| Error::io("no thread could be started for the writer", &e))
    }
}
