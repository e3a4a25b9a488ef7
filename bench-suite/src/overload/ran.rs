//! A job while it is sent too much, and until all of that is done.

use std::time::{Duration, Instant};

use anyhow::Result;
use loadgen::Schedule;
use loadgen::time::written;

use super::group::MemoryGroup;
use super::plan::to_drain;
use super::{Overload, Phase, TO_SPEAK, TOLD_EVERY, senders};
use crate::interrupt::Interrupt;
use crate::part::EndedEarly;
use crate::senders::{Senders, Sent, Sum};
use crate::stderr;
use crate::strain::{Life, Watched, anonymous_bytes};
use crate::strained::Told;

/// What was seen of it so far.
pub(super) struct Ran {
    pub(super) watched: Watched,
    pub(super) began: Instant,
    /// The most memory that no file lies behind, of what was seen every tenth of a second and after batches.
    pub(super) most_anonymous_bytes: Option<u64>,
    pub(super) seconds: f64,
    pub(super) sent: Sent,
    pub(super) drained_after_s: Option<f64>,
    /// What was counted of each source; nothing of one that was ended, or did not come to its end.
    pub(super) sums: Option<Vec<(u64, Sum)>>,
    /// The system has ended it when its memory had reached the limit.
    pub(super) was_killed: bool,
}

impl Ran {
    pub(super) fn new() -> Result<Self> {
        Ok(Ran {
            watched: Watched::new("overload")?,
            began: Instant::now(),
            most_anonymous_bytes: None,
            seconds: 0.0,
            sent: Sent::default(),
            drained_after_s: None,
            sums: None,
            was_killed: false,
        })
    }

    /// Starts the job, sends it too much, and waits until it has done the rest. That its memory reaches the limit is
    /// no failure of this, but an end of it.
    pub(super) fn see_through(
        &mut self,
        phase: &Phase,
        overload: &Overload<'_>,
        group: Option<&MemoryGroup>,
    ) -> Result<()> {
        let mut sending = None;
        let done = self.until_done(phase, overload, group, &mut sending);
        if let Some(senders) = sending {
            self.seconds = self.began.elapsed().as_secs_f64();
            self.sent = senders.end()?;
        }
        match done {
            Err(e) if is_killed(&e, group.map(MemoryGroup::killed)) => self.was_killed = true,
            done => done?,
        }
        Ok(())
    }

    fn until_done(
        &mut self,
        phase: &Phase,
        overload: &Overload<'_>,
        group: Option<&MemoryGroup>,
        sending: &mut Option<Senders>,
    ) -> Result<()> {
        let interrupt = &overload.interrupt;
        let members = group.map(MemoryGroup::members);
        let mut life = phase.job.start(members.as_deref(), interrupt)?;
        let rate = match phase.offered_per_s {
            Some(per_s) => Schedule::constant(per_s),
            None => "max".parse()?,
        };
        *sending = Some(senders(&phase.job, rate));
        self.began = Instant::now();
        self.watch(&mut life, overload.plan.each, interrupt)?;
        self.seconds = self.began.elapsed().as_secs_f64();
        if let Some(senders) = sending.take() {
            self.sent = senders.end()?;
        }
        let (ended, to_drain) = (Instant::now(), to_drain(phase.job.batch));
        // What senders have handed over may be in the system's buffers yet, where a job that is told to stop would
        // leave it.
        while self.watched.records < self.sent.records() && ended.elapsed() < to_drain {
            self.hear(&mut life, to_drain.saturating_sub(ended.elapsed()), interrupt)?;
        }
        if self.watched.records >= self.sent.records() {
            self.drained_after_s = Some(ended.elapsed().as_secs_f64());
        }
        let process = life.id();
        let stopped = life.stop(to_drain + TO_SPEAK, interrupt, |told| self.see(&told, process))?;
        self.sums = Some(stopped.1);
        Ok(())
    }

    /// Hears of the job's batches for so long.
    pub(super) fn watch(
        &mut self,
        life: &mut Life,
        run_for: Duration,
        interrupt: &Interrupt,
    ) -> Result<()> {
        let began = Instant::now();
        let mut told_next = TOLD_EVERY;
        while let left = run_for.saturating_sub(began.elapsed())
            && !left.is_zero()
        {
            self.hear(life, left, interrupt)?;
            if began.elapsed() >= told_next {
                told_next += TOLD_EVERY;
                stderr::tell(format_args!(
                    "overload: {} of {}, {} records",
                    written(Duration::from_secs(began.elapsed().as_secs())),
                    written(run_for),
                    self.watched.records
                ));
            }
        }
        Ok(())
    }

    /// Hears of a batch, if there is one so soon, and looks at the memory.
    fn hear(&mut self, life: &mut Life, limit: Duration, interrupt: &Interrupt) -> Result<()> {
        let process = life.id();
        match life.batch_within(limit, interrupt)? {
            Some(told) => self.see(&told, process),
            None => {
                self.look(process);
                Ok(())
            }
        }
    }

    fn see(&mut self, told: &Told, process: u32) -> Result<()> {
        self.look(process);
        self.watched.see(told)
    }

    fn look(&mut self, process: u32) {
        self.most_anonymous_bytes = self.most_anonymous_bytes.max(anonymous_bytes(process));
    }
}

/// Whether a job has ended because it had no more memory: killed, in a group that counts how many it has ended and
/// has ended one, or does not count them.
fn is_killed(e: &anyhow::Error, by_its_group: Option<Option<u64>>) -> bool {
    let was_killed = e.downcast_ref::<EndedEarly>().is_some_and(EndedEarly::was_killed);
    was_killed && by_its_group.is_some_and(|count| count != Some(0))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::part::Part;

    fn ended_by(command: &str) -> anyhow::Error {
        let args = ["-c", command].map(String::from);
        let mut part = Part::start_program("job", Some(Path::new("/bin/sh")), &args).unwrap();
        part.hear_for::<Told>(Duration::from_secs(5)).unwrap_err()
    }

    #[test]
    fn a_job_that_its_group_has_killed_is_told_from_one_that_has_failed() {
        let killed = ended_by("kill -KILL $$");
        assert!(killed.to_string().contains("the job ended early"), "{killed:#}");
        assert!(is_killed(&killed, Some(Some(1))) && is_killed(&killed, Some(None)));
        assert!(!is_killed(&killed, Some(Some(0))), "by somebody else");
        assert!(!is_killed(&killed, None), "not in a group");
        assert!(!is_killed(&ended_by("exit 3"), Some(Some(1))));
    }
}
