//! A strained job's lives, as seen by whoever starts them.

mod memory;
mod watched;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use bytesize::ByteSize;
use loadgen::EndMark;
use loadgen::time::written;

pub(crate) use memory::{anonymous_bytes, check_budget};
pub(crate) use watched::Watched;

use crate::interrupt::Interrupt;
use crate::part::Part;
use crate::senders::{Sent, Sum};
use crate::strained::{Said, Told};

/// How long a job may take to listen, whatever it has to recover.
const TO_LISTEN: Duration = Duration::from_secs(60);

/// How often it is looked for Ctrl-C.
const LOOKED_EVERY: Duration = Duration::from_millis(100);

/// A job, and how it is started.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// Where it listens, on loopback.
    pub(crate) port: u16,
    pub(crate) batch: millstream::Duration,
    pub(crate) memory: ByteSize,
    pub(crate) work: Duration,
    /// Where it is durable.
    pub(crate) directory: Option<PathBuf>,
}

/// A life of it. It is killed if this is dropped while it lives.
pub(crate) struct Life(Part);

/// Whether it has drained, and what it has counted by source.
pub(crate) type Ended = (bool, Vec<(u64, Sum)>);

impl Job {
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Starts it, in the control group whose list of members this is, and waits until it listens.
    pub(crate) fn start(&self, members: Option<&Path>, interrupt: &Interrupt) -> Result<Life> {
        let args = self.arguments();
        let part = match members {
            Some(members) => Part::start_within("job", members, &args)?,
            None => Part::start("job", &args)?,
        };
        Life(part).once_it_listens(interrupt)
    }

    /// Starts it, with what it says on stderr going to a file.
    pub(crate) fn start_logged(&self, log: File, interrupt: &Interrupt) -> Result<Life> {
        let part = Part::start_logged("job", None, &self.arguments(), log)?;
        Life(part).once_it_listens(interrupt)
    }

    fn arguments(&self) -> Vec<String> {
        let mut flags = vec![
            ("--listen", self.address()),
            ("--batch", written(self.batch.to_std())),
            ("--memory", self.memory.as_u64().to_string()),
            ("--work", written(self.work)),
        ];
        if let Some(directory) = &self.directory {
            flags.push(("--dir", directory.display().to_string()));
        }
        let flags = flags.into_iter().flat_map(|(flag, value)| [flag.to_string(), value]);
        ["role", "strained"].map(String::from).into_iter().chain(flags).collect()
    }
}

impl Life {
    fn once_it_listens(mut self, interrupt: &Interrupt) -> Result<Self> {
        loop {
            match self.hear(TO_LISTEN, interrupt)? {
                Said::Listening => return Ok(self),
                // Of batches that it runs again.
                Said::Batch(_) => {}
                Said::Stopped { .. } => bail!("the job has stopped before it listened"),
            }
        }
    }

    /// What it says next.
    fn hear(&mut self, within: Duration, interrupt: &Interrupt) -> Result<Said> {
        let patient_until = Instant::now() + within;
        while Instant::now() < patient_until {
            interrupt.check()?;
            if let Some(said) = self.0.hear_for(LOOKED_EVERY)? {
                return Ok(said);
            }
        }
        bail!("the job has said nothing for {}", written(within))
    }

    /// Its process's number.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// How its next batch went; nothing if there is none so soon.
    pub(crate) fn batch_within(
        &mut self,
        limit: Duration,
        interrupt: &Interrupt,
    ) -> Result<Option<Told>> {
        interrupt.check()?;
        match self.0.hear_for(limit.min(LOOKED_EVERY))? {
            None => Ok(None),
            Some(Said::Batch(told)) => Ok(Some(told)),
            Some(said) => bail!("the job said {said:?} while it was to run"),
        }
    }

    /// Tells it to stop, and gives what it has counted; `see` hears of its last batches.
    pub(crate) fn stop(
        &mut self,
        within: Duration,
        interrupt: &Interrupt,
        mut see: impl FnMut(Told) -> Result<()>,
    ) -> Result<Ended> {
        self.0.ask_to_end()?;
        loop {
            match self.hear(within, interrupt)? {
                Said::Batch(told) => see(told)?,
                Said::Stopped { drained, sums } => return Ok((drained, sums)),
                Said::Listening => bail!("the job listens again"),
            }
        }
    }

    /// Ends it at once.
    pub(crate) fn kill(self) -> Result<()> {
        self.0.kill().map(drop)
    }
}

/// Sources of which not exactly what was sent has been counted.
pub(crate) fn wrong_sources(sent: &Sent, sums: &[(u64, Sum)]) -> u64 {
    let counted = |source| sums.iter().find(|(of, _)| *of == source).map(|(_, sum)| *sum);
    let is_wrong = |mark: &&EndMark| {
        let sum = counted(mark.source).unwrap_or_default();
        sum.records != mark.records || mark.digest.is_some_and(|digest| digest != sum.digest)
    };
    sent.whole().iter().filter(is_wrong).count() as u64
}

/// As it is told.
pub(crate) fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
