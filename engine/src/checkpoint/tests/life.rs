//! A job's life: it appends to a log, syncs it, writes checkpoints, collects, dies and goes on; and
//! beside it a plain list of what it must find.

use std::sync::Arc;

use parking_lot::Mutex;

use super::{DIRECTORY, directory};
use crate::checkpoint::Checkpoints;
use crate::directory::BLOCKS;
use crate::disk::{MemoryDisk, Unsynced};
use crate::error::{Error, Result};
use crate::log::Log;
use crate::seed::Random;

const KIND: u8 = 9;

/// What a job has done.
#[derive(Clone, Default)]
pub(super) struct Done {
    /// What was appended, the last of it perhaps not yet.
    pub(super) appended: Vec<Vec<u8>>,
    /// So many were synced, or read by a recovery.
    pub(super) acknowledged: usize,
    /// Up to where the newest checkpoint goes that was written, and the one before.
    checkpoint: u64,
    older: u64,
    /// How many payloads were made, so that none is like another.
    pub(super) made: u64,
}

/// A job and its disk.
pub(super) struct Life {
    pub(super) disk: MemoryDisk,
    pub(super) done: Arc<Mutex<Done>>,
    /// None while it does not run.
    job: Option<Job>,
}

struct Job {
    log: Log,
    checkpoints: Checkpoints,
}

/// What there is after a recovery.
struct Found {
    job: Job,
    /// Up to where the checkpoint goes.
    from: u64,
}

impl Life {
    pub(super) fn new() -> Self {
        Life { disk: MemoryDisk::default(), done: Arc::default(), job: None }
    }

    pub(super) fn runs(&self) -> bool {
        self.job.is_some()
    }

    /// Starts the job, which goes on from what there is.
    pub(super) fn start(&mut self) -> Result<()> {
        self.job = None;
        let done = self.done.lock().clone();
        let Found { job, from } = recover(&self.disk, &done)?;
        let mut done = self.done.lock();
        done.acknowledged = job.log.next() as usize;
        let acknowledged = done.acknowledged;
        done.appended.truncate(acknowledged);
        if from > done.checkpoint {
            (done.older, done.checkpoint) = (done.checkpoint, from);
        }
        self.job = Some(job);
        Ok(())
    }

    /// The process dies.
    pub(super) fn die(&mut self) {
        self.job = None;
    }

    /// The power fails; the disk is one that this may leave.
    pub(super) fn power_fails(&mut self, random: &mut Random) {
        self.job = None;
        (self.disk, _) = after_power_failure(&self.disk, random);
    }

    /// Does the next thing. Where that fails the job may have ended.
    pub(super) fn step(&mut self, random: &mut Random) {
        let Some(job) = &mut self.job else { return };
        let outcome = match random.below(16) {
            0..8 => append(job, &self.done, random),
            8..12 => sync(job, &self.done),
            12..14 => write_checkpoint(job, &self.done, random),
            _ => collect(job, &self.done),
        };
        if matches!(outcome, Err(Error::LogOver { .. })) {
            self.job = None;
        }
    }

    pub(super) fn sync(&mut self) -> Result<()> {
        self.job.as_mut().map_or(Ok(()), |job| sync(job, &self.done))
    }
}

fn append(job: &mut Job, done: &Mutex<Done>, random: &mut Random) -> Result<()> {
    let bytes = random.pick(&[0, 10, 100, 300, 1500]) + random.below(10);
    let parts = {
        let mut done = done.lock();
        done.made += 1;
        let text = format!("<{}>", done.made).into_bytes();
        let payload: Vec<u8> = text.iter().copied().cycle().take(text.len() + bytes).collect();
        done.appended.push(payload.clone());
        payload
    };
    let (front, back) = parts.split_at(random.below(parts.len()));
    let appended = job.log.append(KIND, &[front, back]);
    let mut done = done.lock();
    match appended {
        Ok(sequence) => assert_eq!(sequence as usize + 1, done.appended.len()),
        Err(_) => drop(done.appended.pop()),
    }
    appended.map(drop)
}

fn sync(job: &mut Job, done: &Mutex<Done>) -> Result<()> {
    job.log.sync()?;
    assert_eq!(job.log.synced(), job.log.next());
    done.lock().acknowledged = job.log.next() as usize;
    Ok(())
}

fn write_checkpoint(job: &mut Job, done: &Mutex<Done>, random: &mut Random) -> Result<()> {
    let from = job.log.synced();
    let state = vec![from as u8; random.pick(&[0, 30, 700])];
    job.checkpoints.write(&[("from", &from.to_le_bytes()), ("state", &state)])?;
    let mut done = done.lock();
    (done.older, done.checkpoint) = (done.checkpoint, from);
    Ok(())
}

fn collect(job: &mut Job, done: &Mutex<Done>) -> Result<()> {
    // The disk may be looked at meanwhile, with what was done.
    let below = done.lock().older;
    job.log.collect(below)
}

/// What the power leaves of a disk when it fails, and of how many things it could have taken any.
pub(super) fn after_power_failure(disk: &MemoryDisk, random: &mut Random) -> (MemoryDisk, usize) {
    let way = random.below(6);
    let first = random.below(16);
    let mut nth = 0;
    let after = disk.after_power_failure_where(|_: Unsynced<'_>| {
        nth += 1;
        match way {
            0 => true,
            1 => false,
            2 => random.one_in(8),
            3 => random.one_in(2),
            4 => !random.one_in(8),
            _ => nth <= first,
        }
    });
    (after, nth)
}

/// Opens what is on a disk, and holds it against what was done: all that was acknowledged is there,
/// in order, and nothing that was not appended.
pub(super) fn check(disk: &MemoryDisk, done: &Done) {
    recover(disk, done).unwrap_or_else(|e| panic!("it cannot be opened: {e}"));
}

fn recover(disk: &MemoryDisk, done: &Done) -> Result<Found> {
    let held = directory(disk)?;
    let (checkpoints, parts, warnings) = Checkpoints::open(&held)?;
    assert_eq!(warnings, [""; 0]);
    let from = parts.map_or(0, |parts| {
        assert_eq!((&*parts[0].0, &*parts[1].0), ("from", "state"));
        let from = u64::from_le_bytes(parts[0].1[..].try_into().expect("it is a sequence"));
        assert!(parts[1].1.iter().all(|&byte| byte == from as u8));
        from
    });
    assert!(from >= done.checkpoint, "the checkpoint up to {} is lost", done.checkpoint);
    let (log, _) = Log::open(&held, BLOCKS, from, |frame| {
        let appended = done.appended.get(frame.sequence as usize);
        let appended = appended.unwrap_or_else(|| panic!("frame {} is there", frame.sequence));
        assert!(frame.kind == KIND && frame.payload == appended, "frame {}", frame.sequence);
        Ok(())
    })?;
    let (next, acknowledged) = (log.next() as usize, done.acknowledged);
    assert!(next >= acknowledged, "of {acknowledged} that were acknowledged {next} are there");
    assert!(next <= done.appended.len());
    Ok(Found { job: Job { log: log.with_segment_bytes(1500), checkpoints }, from })
}

/// The name of the directory that the files of a log are in.
pub(super) fn is_of_the_log(path: &std::path::Path) -> bool {
    path.starts_with(std::path::Path::new(DIRECTORY).join(BLOCKS))
}
