//! One life of the job, from its start to its end, whichever that is.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use loadgen::time::written;
use nix::libc::SIGKILL;

use crate::killable::Said;
use crate::part::Part;
use crate::senders::Source;

/// A recovery that takes longer is a failure.
const RECOVERY_LIMIT: Duration = Duration::from_secs(30);

/// So much later than it may a stop ends: threads have to be waited for, and the machine has other work.
const STOP_SLACK: Duration = Duration::from_secs(3);

/// The job that lives again and again.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) source: Source,
    /// Where it listens, on loopback.
    pub(super) port: u16,
    pub(super) directory: PathBuf,
    pub(super) batch: Duration,
    pub(super) block: Duration,
    pub(super) checkpoints: Duration,
    /// Where the second copy is held, if there is one.
    pub(super) replica: Option<SocketAddr>,
}

/// A job at work.
pub(super) struct Life {
    part: Part,
    started: Instant,
    /// When it began to recover.
    begun: Instant,
    stop_within: Duration,
    log: PathBuf,
}

/// How long a recovery took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recovered {
    /// From the start of the process.
    pub(super) from_start: Duration,
    /// From when the process said that it begins.
    pub(super) from_begun: Duration,
}

/// How a life has ended that was told to stop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopped {
    /// Whether it said that all it had received was processed.
    pub(super) drained: bool,
    pub(super) took: Duration,
}

impl Job {
    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What it says on stderr, over all its lives.
    pub(super) fn log(&self) -> PathBuf {
        self.directory.join("job.log")
    }

    fn arguments(&self, stop_within: Duration) -> Vec<String> {
        let source = self.source.to_possible_value().map(|value| value.get_name().to_string());
        let flags = [
            ("--source", source.unwrap_or_default()),
            ("--listen", self.address()),
            ("--dir", self.directory.display().to_string()),
            ("--batch", written(self.batch)),
            ("--block", written(self.block)),
            ("--checkpoints", written(self.checkpoints)),
            ("--stop-within", written(stop_within)),
        ];
        let replica = self.replica.map(|replica| ("--replica", replica.to_string()));
        let flags =
            flags.into_iter().chain(replica).flat_map(|(flag, value)| [flag.to_string(), value]);
        ["role", "killable"].map(String::from).into_iter().chain(flags).collect()
    }

    /// Begins a life, whose graceful stop may take so long; it is about to recover.
    pub(super) fn begin(&self, stop_within: Duration) -> Result<Life> {
        let mut life = self.start(None, &[], stop_within)?;
        life.begun()?;
        Ok(life)
    }

    /// Begins a life by another program, which is given the job's as its last arguments. It may not come
    /// to anything.
    pub(super) fn begin_under(
        &self,
        tracer: &Path,
        flags: &[String],
        stop_within: Duration,
    ) -> Result<Life> {
        let own = std::env::current_exe().context("the path of this program is not known")?;
        self.start(Some(tracer), &[flags, &[own.display().to_string()]].concat(), stop_within)
    }

    fn start(
        &self,
        program: Option<&Path>,
        flags: &[String],
        stop_within: Duration,
    ) -> Result<Life> {
        let log = self.log();
        let file = OpenOptions::new().create(true).append(true).open(&log);
        let file = file.with_context(|| log.display().to_string())?;
        let arguments = [flags, &self.arguments(stop_within)].concat();
        let started = Instant::now();
        let part = Part::start_logged("job", program, &arguments, file)?;
        Ok(Life { part, started, begun: started, stop_within, log })
    }
}

impl Life {
    /// Waits until it has recovered, and says how long that took.
    pub(super) fn recovered(&mut self) -> Result<Recovered> {
        match self.recovered_within(RECOVERY_LIMIT)? {
            Some(took) => Ok(took),
            None => bail!("the job has not recovered within {}", written(RECOVERY_LIMIT)),
        }
    }

    /// The same, for so long at most; nothing if that was too short.
    pub(super) fn recovered_within(&mut self, limit: Duration) -> Result<Option<Recovered>> {
        match self.hear(limit)? {
            None => Ok(None),
            Some(Said::Recovered) => Ok(Some(Recovered {
                from_start: self.started.elapsed(),
                from_begun: self.begun.elapsed(),
            })),
            Some(said) => self.refuse(said),
        }
    }

    /// Waits until it begins to recover.
    fn begun(&mut self) -> Result<()> {
        match self.hear(RECOVERY_LIMIT)? {
            Some(Said::Begun) => {
                self.begun = Instant::now();
                Ok(())
            }
            Some(said) => self.refuse(said),
            None => bail!("the job has not begun within {}", written(RECOVERY_LIMIT)),
        }
    }

    fn hear(&mut self, limit: Duration) -> Result<Option<Said>> {
        let heard = self.part.hear_for(limit);
        heard.with_context(|| format!("{} may say why", self.log.display()))
    }

    fn refuse<T>(&self, said: Said) -> Result<T> {
        bail!("the job said {said:?}, and it was not the time for that")
    }

    /// Kills it. Says whether it had recovered and nobody had heard that.
    pub(super) fn kill(self) -> Result<bool> {
        Ok(said(&self.part.kill()?)?.contains(&Said::Recovered))
    }

    /// Whether it has said anything since it was asked last: the first is that it watches for signals. One
    /// that has ended says nothing; how it did, [`was_killed`](Life::was_killed) tells.
    pub(super) fn has_spoken(&mut self) -> bool {
        self.hear(Duration::ZERO).is_ok_and(|said| said.is_some())
    }

    pub(super) fn ask_to_end(&self) -> Result<()> {
        self.part.ask_to_end()
    }

    /// Whether somebody else has killed it; nothing while it goes on. Fails where it has ended otherwise,
    /// and not well.
    pub(super) fn was_killed(&mut self) -> Result<Option<bool>> {
        let Some((status, _)) = self.part.ended_within(Duration::ZERO)? else { return Ok(None) };
        match status.signal() == Some(SIGKILL) {
            killed if killed || status.success() => Ok(Some(killed)),
            _ => bail!("the job has ended ({status}); {} may say why", self.log.display()),
        }
    }

    /// Tells it to stop, and waits until it has.
    pub(super) fn stop(mut self) -> Result<Stopped> {
        self.part.ask_to_end()?;
        let asked = Instant::now();
        let limit = self.stop_within + STOP_SLACK;
        let Some((status, lines)) = self.part.ended_within(limit)? else {
            bail!("the job has not stopped within {}", written(limit));
        };
        let took = asked.elapsed();
        let said = said(&lines)?;
        let drained = said.iter().find_map(|said| match said {
            Said::Stopped { drained } => Some(*drained),
            Said::Begun | Said::Recovered => None,
        });
        match (drained, status.code()) {
            (Some(drained), Some(code)) if code == i32::from(!drained) => {
                Ok(Stopped { drained, took })
            }
            _ => bail!(
                "the job has ended ({status}) and said {said:?}, which do not go together; {} may say \
                 why",
                self.log.display()
            ),
        }
    }
}

fn said(lines: &[String]) -> Result<Vec<Said>> {
    let read = |line: &String| serde_json::from_str(line).with_context(|| format!("{line:?}"));
    lines.iter().map(read).collect()
}
