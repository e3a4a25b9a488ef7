//! What the writer's thread does with each job, and what it does when the disk will not.
//!
//! Without a journal, a folder that cannot be written is a failure of its output, and the stream goes on. With
//! one, nothing may be lost: where there is no room, it is tried again until there is, and senders are held
//! back meanwhile; what fails otherwise, again and again, or for good, ends the stream, which can then be gone on with.
//! Only a checkpoint can wait: where there is no room for it, it is left out, and the logs are kept longer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use super::folder::{Lasting, write_whole};
use super::{Folder, Job};
use crate::checkpoint::Parts;
use crate::disk::AnyDisk;
use crate::error::{Error, Result};
use crate::intake::Unlogged;
use crate::journal::Journal;
use crate::occasional::Occasional;
use crate::progress::Progress;

/// How long until what has failed is tried again, for the first time; each time after, it is so many times
/// as long, up to a limit.
const AGAIN_AFTER: Duration = Duration::from_millis(5);
const LONGER_EACH_TIME: u32 = 4;
const LONGEST: Duration = Duration::from_millis(80);

/// What takes long, as a large folder does that is written as far as there is room, is not tried all the time.
const LONGER_THAN_AN_ATTEMPT: u32 = 10;
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How often who pauses looks whether it still should.
const LOOK: Duration = Duration::from_millis(10);

/// Where it is not for lack of room, it is tried so often.
const ATTEMPTS: usize = 4;

/// Parcels of more bytes are not waited for by those before them.
const MOST_GROUP_BYTES: u64 = 16 << 20;

/// What ends the stream, given the reason.
pub(crate) type OnFailure = Box<dyn Fn(Error) + Send>;

/// What the writer's thread works with.
pub(crate) struct Desk {
    disk: Arc<dyn AnyDisk>,
    /// Where folders have been written.
    lasting: Lasting,
    keeping: Option<Keeping>,
}

/// A journal, and what goes with it.
pub(crate) struct Keeping {
    pub(crate) journal: Journal,
    /// The sources' names, by number.
    pub(crate) names: Vec<Arc<str>>,
    pub(crate) progress: Arc<Progress>,
    /// Whether a lack of room is waited out. While a stream starts it is not: whoever starts it has nothing
    /// to stop it by, and nobody is held back yet.
    pub(crate) waits_for_room: Arc<AtomicBool>,
    /// Whether nothing is to be tried again any more.
    pub(crate) given_up: Box<dyn Fn() -> bool + Send>,
    pub(crate) on_failure: OnFailure,
    /// Something has failed for good: nothing is written any more.
    pub(crate) failed: Option<Error>,
    pub(crate) said: Occasional,
    pub(crate) said_of_checkpoints: Occasional,
}

impl Desk {
    pub(crate) fn new(disk: Arc<dyn AnyDisk>, keeping: Option<Keeping>) -> Self {
        Desk { disk, lasting: Lasting::default(), keeping }
    }

    pub(super) fn work_off(mut self, jobs: &Receiver<Job>) {
        let mut next = None;
        while let Some(job) = next.take().or_else(|| jobs.recv().ok()) {
            // Who has stopped waiting for an answer has said why.
            match job {
                Job::Folder(folder) => drop(folder.answer.send(self.write(&folder))),
                Job::Parcel(first) => next = self.keeping().log(first, jobs),
                Job::Assigned(assigned, answer) => {
                    let written = self.keeping().until_it_is(|journal| journal.assigned(&assigned));
                    drop(answer.send(written));
                }
                Job::Done(time) => {
                    // What fails has been told, and ends the stream.
                    drop(self.keeping().until_it_is(|journal| journal.done(time)));
                }
                Job::Checkpoint(parts, answer) => {
                    drop(answer.send(self.keeping().checkpoint(&parts)));
                }
            }
        }
    }

    fn keeping(&mut self) -> &mut Keeping {
        self.keeping.as_mut().expect("only where there is a journal is anything logged")
    }

    fn write(&mut self, Folder { folder, parts, cancelled, .. }: &Folder) -> Result<()> {
        let (disk, lasting) = (&*self.disk, &mut self.lasting);
        let mut write = || write_whole(disk, folder, parts, lasting, cancelled);
        match &mut self.keeping {
            None => write(),
            Some(keeping) => keeping.until_it_is(|_| write()),
        }
    }
}

impl Keeping {
    /// Logs a parcel and those that wait right behind it, with one sync for all. Gives the job that came
    /// after them, if it has been taken.
    fn log(&mut self, first: Unlogged, jobs: &Receiver<Job>) -> Option<Job> {
        let (mut group, mut bytes) = (Vec::new(), 0);
        let mut next = Some(Job::Parcel(first));
        while let Some(Job::Parcel(unlogged)) = next {
            bytes += unlogged.parcel().bytes();
            let name = self.names[unlogged.parcel().source()].clone();
            match self
                .until_it_is(|journal| journal.log(&name, unlogged.parcel(), unlogged.blocks()))
            {
                Ok(frame) => group.push((unlogged, frame)),
                // It is dropped, and never counts. Neither does anything behind it, though there may be room
                // again for that: a sender's lines would have a hole.
                Err(error) => drop(self.failed.get_or_insert(error)),
            }
            next = if bytes < MOST_GROUP_BYTES { jobs.try_recv().ok() } else { None };
        }
        if self.until_it_is(Journal::sync_parcels).is_ok() {
            for (unlogged, frame) in group {
                unlogged.logged_as(frame);
            }
        }
        next
    }

    /// Does something until it succeeds, unless it has failed for good, or is given up.
    fn until_it_is<T>(&mut self, mut act: impl FnMut(&mut Journal) -> Result<T>) -> Result<T> {
        let (mut attempts, mut again_after) = (0, AGAIN_AFTER);
        loop {
            if let Some(error) = &self.failed {
                return Err(error.clone());
            }
            let began = Instant::now();
            let error = match act(&mut self.journal) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let took = began.elapsed();
            attempts += 1;
            let is_final = match error {
                Error::NoRoom { .. } => !self.waits_for_room.load(Ordering::Relaxed),
                Error::Io { .. } => attempts >= ATTEMPTS,
                _ => true,
            };
            if is_final && self.journal.gave_up_mirror() {
                return Err(error);
            } else if is_final {
                (self.on_failure)(error.clone());
                self.failed = Some(error);
            } else if (self.given_up)() {
                return Err(error);
            } else {
                if self.said.is_time() {
                    let how = match error {
                        Error::NoRoom { .. } => "until it can be done, and senders are held back",
                        _ => "a few times",
                    };
                    self.progress.warn(format!("{error}; it is tried again {how}"));
                }
                self.pause(again_after.max(took * LONGER_THAN_AN_ATTEMPT).min(LONGEST_PAUSE));
                again_after = (again_after * LONGER_EACH_TIME).min(LONGEST);
            }
        }
    }

    fn pause(&self, pause: Duration) {
        let until = Instant::now() + pause;
        while let left = until.saturating_duration_since(Instant::now())
            && !left.is_zero()
            && !(self.given_up)()
        {
            std::thread::sleep(left.min(LOOK));
        }
    }

    /// Has a checkpoint written, or left out where there is no room for it: what comes behind it may have.
    fn checkpoint(&mut self, parts: &Parts) -> Result<()> {
        let written = self.until_it_is(|journal| match journal.checkpoint(parts) {
            Err(error @ Error::NoRoom { .. }) => Ok(Err(error)),
            other => other.map(Ok),
        })?;
        if let Err(error) = &written
            && self.said_of_checkpoints.is_time()
        {
            self.progress
                .warn(format!("{error}; that checkpoint is left out, until the next is due"));
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::sync::mpsc::channel;

    use super::*;
    use crate::disk::{Call, MemoryDisk};
    use crate::intake::{Admission, Bounds, Intake, Parcel, Stored};
    use crate::time::{Time, secs};

    fn opened(disk: &MemoryDisk) -> (Journal, usize) {
        let opened = Journal::open(Arc::new(disk.clone()), "job".as_ref(), "counts");
        let (journal, recovered) = opened.expect("the disk works");
        (journal, recovered.waiting.len())
    }

    /// Has three parcels logged by a stream that is given up, where the `failing`th write finds no room;
    /// answers how many have counted as received, and how many are in the log.
    fn logged(failing: usize) -> (u64, usize) {
        let disk = MemoryDisk::default();
        let (journal, _) = opened(&disk);
        let writes = AtomicUsize::new(0);
        disk.interfere(move |call, path| {
            let is_write = call == Call::Write && path.starts_with("job/blocks");
            match is_write && writes.fetch_add(1, Ordering::Relaxed) == failing {
                true => Err(std::io::ErrorKind::StorageFull.into()),
                false => Ok(()),
            }
        });
        let bounds = Bounds {
            interval: secs(1).to_std(),
            most_early_bytes: 0,
            most_batch_bytes: u64::MAX,
            threads: 1,
        };
        let intake = Arc::new(Intake::new(secs(1), Time::default(), Admission::new(bounds)));
        let (send, jobs) = channel();
        intake.log_ahead(Some(Box::new(move |unlogged| {
            send.send(Job::Parcel(unlogged)).expect("the desk is there");
        })));
        for text in ["a\n", "b\n", "c\n"] {
            let work =
                intake.store(Parcel::of_text(text), Time::default(), Stored::EarlyWorkMayBegin);
            assert!(work.is_none());
        }
        intake.log_ahead(None);
        let keeping = Keeping {
            journal,
            names: vec!["lines".into()],
            progress: Arc::new(Progress::new(Vec::new(), false)),
            waits_for_room: Arc::new(AtomicBool::new(true)),
            given_up: Box::new(|| true),
            on_failure: Box::new(|error| panic!("{error}")),
            failed: None,
            said: Occasional::default(),
            said_of_checkpoints: Occasional::default(),
        };
        Desk::new(Arc::new(disk.clone()), Some(keeping)).work_off(&jobs);
        disk.interfere(|_, _| Ok(()));
        (intake.stored_bytes() / 2, opened(&disk).1)
    }

    #[test]
    fn what_is_given_up_leaves_no_hole_in_the_log() {
        // The first write is of the file's first frame.
        assert_eq!(logged(0), (0, 0));
        assert_eq!(logged(1), (0, 0));
        assert_eq!(logged(2), (0, 1));
        assert_eq!(logged(3), (0, 2));
        assert_eq!(logged(4), (3, 3));
    }
}
