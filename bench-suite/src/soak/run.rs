//! The job, life after life: it is watched, ended and started again.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use loadgen::time::written;

use super::quarter::{Quarter, Taken};
use crate::interrupt::Interrupt;
use crate::stderr;
use crate::strain::{Ended, Job, Life, mib};

/// How long the last life may take to process what is left.
const TO_STOP: Duration = Duration::from_secs(90);

/// How often it is looked what the process has taken; more often in a short life, or a short quarter.
const LOOKED_EVERY: Duration = Duration::from_secs(1);

/// How often it is looked in a life, and in a quarter, at least.
const LOOKS: u32 = 4;

/// How often progress is told.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// The job, life after life.
pub(super) struct Run<'a> {
    job: &'a Job,
    directory: &'a Path,
    interrupt: &'a Interrupt,
    restart_every: Duration,
    pub(super) began: Instant,
    /// Nothing between two lives.
    life: Option<Life>,
    life_began: Instant,
    pub(super) restarts: u64,
    told_next: Duration,
}

impl<'a> Run<'a> {
    pub(super) fn start(
        job: &'a Job,
        directory: &'a Path,
        restart_every: Duration,
        interrupt: &'a Interrupt,
    ) -> Result<Self> {
        let began = Instant::now();
        let life = Some(begun(job, directory, interrupt)?);
        Ok(Run {
            job,
            directory,
            interrupt,
            restart_every,
            began,
            life,
            life_began: began,
            restarts: 0,
            told_next: TOLD_EVERY,
        })
    }

    /// Watches it for a quarter, which ends so long after its beginning, and ends each of its lives after a while.
    pub(super) fn quarter(&mut self, until: Duration) -> Result<Quarter> {
        let left = until.saturating_sub(self.began.elapsed());
        let look_every = LOOKED_EVERY.min(left / LOOKS).min(self.restart_every / LOOKS);
        let mut quarter = Quarter::new()?;
        let mut looked = Instant::now();
        while self.began.elapsed() < until {
            if self.life_began.elapsed() >= self.restart_every {
                self.restart(&mut quarter)?;
            }
            let life = self.life.as_mut().context("a life has begun")?;
            if let Some(told) = life.batch_within(look_every, self.interrupt)? {
                quarter.see(&told)?;
            }
            if looked.elapsed() >= look_every {
                looked = Instant::now();
                quarter.takes(Taken::now(life.id(), &checkpoint_in(self.directory))?);
            }
            self.tell(&quarter);
        }
        Ok(quarter)
    }

    /// Ends a life, by SIGTERM and by SIGKILL in turn, and begins the next.
    fn restart(&mut self, quarter: &mut Quarter) -> Result<()> {
        let mut life = self.life.take().context("a life has begun")?;
        match self.restarts.is_multiple_of(2) {
            true => drop(life.stop(TO_STOP, self.interrupt, |told| quarter.see(&told))?),
            false => life.kill()?,
        }
        self.restarts += 1;
        self.life = Some(begun(self.job, self.directory, self.interrupt)?);
        self.life_began = Instant::now();
        Ok(())
    }

    fn tell(&mut self, quarter: &Quarter) {
        if self.began.elapsed() >= self.told_next {
            self.told_next += TOLD_EVERY;
            let found = quarter.found();
            stderr::tell(format_args!(
                "soak: {}, {} restarts; of this quarter {} batches, p99 {:.1} ms, {:.0} MiB, {} descriptors",
                written(Duration::from_secs(self.began.elapsed().as_secs())),
                self.restarts,
                found.batches,
                found.p99_ms,
                mib(found.most.memory_bytes),
                found.most.descriptors
            ));
        }
    }

    /// Has the last life process what is left; gives what was counted.
    pub(super) fn end(mut self, last: &mut Quarter) -> Result<Ended> {
        let mut life = self.life.take().context("a life has begun")?;
        life.stop(TO_STOP, self.interrupt, |told| last.see(&told))
    }
}

/// A life of the job; what it says of itself goes into a file.
fn begun(job: &Job, directory: &Path, interrupt: &Interrupt) -> Result<Life> {
    let log = directory.join("job.log");
    let file = OpenOptions::new().create(true).append(true).open(&log);
    job.start_logged(file.with_context(|| log.display().to_string())?, interrupt)
}

/// Where the engine's durable files are.
fn checkpoint_in(directory: &Path) -> PathBuf {
    directory.join("checkpoint")
}
