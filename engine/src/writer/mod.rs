//! The thread that owns what is written to files: it writes, syncs and renames, so that no task and
//! no driver ever waits in the file system longer than it wants to.
//!
//! Tasks render a batch's bytes, an output hands them over with the folder that they belong into,
//! and waits for the answer unless the stream is stopped at once. Where a job has a journal, what is
//! received and what is known of batches come here too: one thread, so that there is one order.

mod desk;
mod folder;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

pub(crate) use self::desk::{Desk, Keeping};
use crate::checkpoint::Parts;
use crate::error::{Error, Result};
use crate::intake::Unlogged;
use crate::journal::Assigned;
use crate::threads::EngineThread;
use crate::time::Time;

/// How often who waits for an answer looks whether it still should.
const LOOK: Duration = Duration::from_millis(10);

/// The way to the writer's thread. Clones lead to the same one; it ends with the last of them.
#[derive(Clone)]
pub(crate) struct Writer(Sender<Job>);

/// What a writer's thread has to do.
pub(crate) struct Jobs(Receiver<Job>);

enum Job {
    Folder(Folder),
    /// To be logged.
    Parcel(Unlogged),
    /// What a batch is made of, and who waits until that is durable.
    Assigned(Assigned, Sender<Result<()>>),
    /// A batch whose outputs are done.
    Done(Time),
    /// What the batches so far have left, and who waits for it to be durable.
    Checkpoint(Parts, Sender<Result<()>>),
}

/// A folder to be written whole.
struct Folder {
    folder: PathBuf,
    /// By partition.
    parts: Vec<Vec<u8>>,
    /// Set when nobody waits for the folder any more.
    cancelled: Arc<AtomicBool>,
    answer: Sender<Result<()>>,
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
    ) -> Result<()> {
        let stopped =
            || Error::Io { what: folder.display().to_string(), reason: folder::STOPPED.into() };
        let given_up = stopped();
        self.ask(
            |answer| Job::Folder(Folder { folder, parts, cancelled: cancelled.clone(), answer }),
            || cancelled.load(Ordering::Relaxed),
        )
        .unwrap_or(Err(given_up))
    }

    /// Has a parcel logged. Does not wait.
    pub(crate) fn log(&self, parcel: Unlogged) {
        self.send(Job::Parcel(parcel));
    }

    /// Has written down what a batch is made of, and waits until that is durable; nothing where `is_over`
    /// comes first.
    pub(crate) fn assigned(
        &self,
        assigned: Assigned,
        is_over: impl Fn() -> bool,
    ) -> Option<Result<()>> {
        self.ask(|answer| Job::Assigned(assigned, answer), is_over)
    }

    /// Has written down that a batch is done. Does not wait.
    pub(crate) fn done(&self, time: Time) {
        self.send(Job::Done(time));
    }

    /// Has a checkpoint written; whoever wants to know how that went waits at the other end.
    pub(crate) fn checkpoint(&self, parts: Parts) -> Receiver<Result<()>> {
        let (answer, answered) = channel();
        self.send(Job::Checkpoint(parts, answer));
        answered
    }

    fn send(&self, job: Job) {
        self.0.send(job).expect("the writer's thread ends after the last writer");
    }

    /// Gives a job to the thread and waits for the answer; nothing where `is_over` comes first.
    fn ask<T>(&self, job: impl FnOnce(Sender<T>) -> Job, is_over: impl Fn() -> bool) -> Option<T> {
        let (answer, answered) = channel();
        self.send(job(answer));
        loop {
            match answered.recv_timeout(LOOK) {
                Ok(outcome) => return Some(outcome),
                Err(RecvTimeoutError::Timeout) if is_over() => return None,
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
    pub(crate) fn work_off(self, desk: Desk) -> Result<EngineThread> {
        EngineThread::spawn("writer".into(), move || desk.work_off(&self.0))
            .map_err(|e| Error::io("no thread could be started for the writer", &e))
    }
}
