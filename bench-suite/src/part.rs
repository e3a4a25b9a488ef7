//! A part of the benchmark in a process of its own.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::de::DeserializeOwned;

use crate::role::{Listening, LoadDone};
use crate::stderr;

/// A part that says nothing for this long beyond its own time is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a part may take to end.
const TO_END: Duration = Duration::from_secs(5);

/// How often it is looked whether a part is still there.
const LOOKED_AFTER_EVERY: Duration = Duration::from_millis(100);

/// In the environment of a part: the id of the process that has started it.
const OF_A_PARENT: &str = "BENCH_SUITE_PARENT";

/// Lets this process, if it is a part, end as by Ctrl-C when the one that has started it is gone,
/// however that has ended. Where the system cannot see to that, a part may go on until its time is up.
pub fn end_with_parent() {
    #[cfg(target_os = "linux")]
    if let Ok(parent) = std::env::var(OF_A_PARENT) {
        if let Err(e) = nix::sys::prctl::set_pdeathsig(Signal::SIGTERM) {
            stderr::tell(format_args!("bench-suite: this part would outlive its parent: {e}"));
        }
        // One that was gone before that gives no signal.
        if nix::unistd::getppid().to_string() != parent {
            std::process::exit(1);
        }
    }
}

/// A part has ended while more was to be heard of it.
#[derive(Debug)]
pub(crate) struct EndedEarly {
    name: String,
    status: ExitStatus,
}

impl EndedEarly {
    /// Whether it was by SIGKILL, as where the system has no more memory for it.
    pub(crate) fn was_killed(&self) -> bool {
        self.status.signal() == Some(Signal::SIGKILL as i32)
    }
}

impl fmt::Display for EndedEarly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} ended early ({})", self.name, self.status)
    }
}

impl std::error::Error for EndedEarly {}

/// This executable, started again. It is killed, by its id, if it is dropped while it runs.
pub(crate) struct Part {
    name: String,
    child: Child,
    lines: Receiver<std::io::Result<String>>,
}

impl Part {
    /// Starts it with these arguments. What it says on stderr is passed on.
    pub(crate) fn start(name: &str, args: &[String]) -> Result<Self> {
        Part::start_program(name, None, args)
    }

    /// The same of another build of this program, where one is given.
    pub(crate) fn start_program(
        name: &str,
        program: Option<&Path>,
        args: &[String],
    ) -> Result<Self> {
        Part::start_with(name, program, args, Stdio::null(), Stdio::inherit())
    }

    /// The same, but what it says on stderr goes into a file.
    pub(crate) fn start_logged(
        name: &str,
        program: Option<&Path>,
        args: &[String],
        log: File,
    ) -> Result<Self> {
        Part::start_with(name, program, args, Stdio::null(), log.into())
    }

    /// The same in a control group, which it is in before it takes any memory: `members` is the file that says
    /// who is.
    pub(crate) fn start_within(name: &str, members: &Path, args: &[String]) -> Result<Self> {
        let own = std::env::current_exe().context("the path of this program is not known")?;
        let join = [
            "-c".to_string(),
            r#"echo $$ > "$0" && exec "$@""#.to_string(),
            members.display().to_string(),
            own.display().to_string(),
        ];
        Part::start_program(name, Some(Path::new("/bin/sh")), &[&join, args].concat())
    }

    fn start_with(
        name: &str,
        program: Option<&Path>,
        args: &[String],
        stdin: Stdio,
        stderr: Stdio,
    ) -> Result<Self> {
        let program = match program {
            Some(program) => program.to_path_buf(),
            None => std::env::current_exe().context("the path of this program is not known")?,
        };
        let mut child = Command::new(program)
            .args(args)
            .env(OF_A_PARENT, std::process::id().to_string())
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .with_context(|| format!("the {name} could not be started"))?;
        let stdout = child.stdout.take().context("a piped stdout is there")?;
        Ok(Part { name: name.into(), child, lines: read_in_background(stdout) })
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it says next, in JSON.
    pub(crate) fn hear<T: DeserializeOwned>(&mut self, within: Duration) -> Result<T> {
        match self.hear_for(within + PATIENCE)? {
            Some(said) => Ok(said),
            None => bail!("the {} has said nothing for {:?}", self.name, within + PATIENCE),
        }
    }

    /// The same, while another part goes on: where that one fails, nothing more is waited for.
    pub(crate) fn hear_while<T: DeserializeOwned>(
        &mut self,
        other: &mut Part,
        within: Duration,
    ) -> Result<T> {
        let patient_until = Instant::now() + within + PATIENCE;
        while Instant::now() < patient_until {
            if let Some(said) = self.hear_for(LOOKED_AFTER_EVERY)? {
                return Ok(said);
            }
            // One that has done all that it had to may end a little before this one has said so.
            if let Some(status) = other.child.try_wait()?.filter(|status| !status.success()) {
                bail!("the {} ended early ({status})", other.name);
            }
        }
        bail!("the {} has said nothing for {:?}", self.name, within + PATIENCE)
    }

    /// Waits for its end after it has said its last, and fails where it says by its exit code that what it
    /// said is not to be trusted.
    pub(crate) fn check_that_it_ended_well(mut self) -> Result<()> {
        let patient_until = Instant::now() + TO_END;
        while Instant::now() < patient_until {
            match self.child.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => {
                    bail!("the {} has failed ({status}), and said why above", self.name)
                }
                None => std::thread::sleep(Duration::from_millis(1)),
            }
        }
        bail!("the {} does not end", self.name)
    }

    /// What it says next, in JSON; nothing if that takes longer.
    pub(crate) fn hear_for<T: DeserializeOwned>(&mut self, limit: Duration) -> Result<Option<T>> {
        let line = match self.lines.recv_timeout(limit) {
            Ok(line) => line.with_context(|| format!("the {} could not be read", self.name))?,
            Err(RecvTimeoutError::Timeout) => return Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                let status =
                    self.child.wait().with_context(|| format!("the {} is gone", self.name))?;
                return Err(EndedEarly { name: self.name.clone(), status }.into());
            }
        };
        serde_json::from_str(&line)
            .with_context(|| format!("the {} said {line:?}, which was not expected", self.name))
            .map(Some)
    }

    /// Starts it, and hears where it listens.
    pub(crate) fn start_listening(name: &str, args: &[String]) -> Result<(Self, SocketAddr)> {
        let mut part = Part::start(name, args)?;
        let Listening { listening } = part.hear(Duration::ZERO)?;
        Ok((part, listening))
    }

    /// Asks it to end, and what it says then.
    pub(crate) fn end<T: DeserializeOwned>(&mut self) -> Result<T> {
        self.ask_to_end()?;
        self.hear(TO_END)
    }

    /// Kills it, and gives what it had said and nobody had heard.
    pub(crate) fn kill(mut self) -> Result<Vec<String>> {
        let killed = self.child.kill().and_then(|()| self.child.wait());
        killed.with_context(|| format!("the {} could not be killed", self.name))?;
        Ok(self.rest())
    }

    /// How it has ended, with what it had said and nobody had heard; nothing if it goes on for longer.
    pub(crate) fn ended_within(
        &mut self,
        limit: Duration,
    ) -> Result<Option<(ExitStatus, Vec<String>)>> {
        let patient_until = Instant::now() + limit;
        loop {
            match self.child.try_wait()? {
                Some(status) => return Ok(Some((status, self.rest()))),
                None if Instant::now() >= patient_until => return Ok(None),
                None => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// All that it still says; it has ended, or is about to.
    fn rest(&self) -> Vec<String> {
        self.lines.iter().map_while(Result::ok).collect()
    }

    /// Asks it to end, as Ctrl-C would.
    pub(crate) fn ask_to_end(&self) -> Result<()> {
        let id = Pid::from_raw(
            i32::try_from(self.child.id()).map_err(|_| anyhow!("no process has such an id"))?,
        );
        kill(id, Signal::SIGTERM)
            .with_context(|| format!("the {} could not be told to end", self.name))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Ok(Some(_)) = self.child.try_wait() {
            return;
        }
        if let Err(e) = self.child.kill().and_then(|()| self.child.wait()) {
            stderr::tell(format_args!("bench-suite: the {} may still run: {e}", self.name));
        }
    }
}

fn read_in_background(stdout: ChildStdout) -> Receiver<std::io::Result<String>> {
    let (tell, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines() {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// A load that feeds whoever dials it.
pub(crate) struct FeedingLoad {
    part: Part,
    pub(crate) address: SocketAddr,
}

impl FeedingLoad {
    /// With these flags of `role load`.
    pub(crate) fn start(flags: &[String]) -> Result<Self> {
        let role = ["role", "load"].map(String::from);
        let (part, address) = Part::start_listening("load", &[&role[..], flags].concat())?;
        Ok(FeedingLoad { part, address })
    }

    /// What it says once it has sent all that it was asked for, which takes so long.
    pub(crate) fn done(mut self, within: Duration) -> Result<LoadDone> {
        self.part.hear(within)
    }

    /// The same, while what it feeds is there.
    pub(crate) fn done_while(mut self, fed: &mut Part, within: Duration) -> Result<LoadDone> {
        self.part.hear_while(fed, within)
    }

    /// Asks it to end, and what it says then.
    pub(crate) fn end(mut self) -> Result<LoadDone> {
        self.part.end()
    }
}

/// A part that works when it is given a turn, and waits else.
pub(crate) struct TurnTaker {
    part: Part,
    /// Closed when it has had its last turn.
    turns: Option<ChildStdin>,
}

impl TurnTaker {
    /// Starts it, and waits until it is ready for its first turn.
    pub(crate) fn start(name: &str, program: Option<&Path>, args: &[String]) -> Result<Self> {
        let mut part = Part::start_with(name, program, args, Stdio::piped(), Stdio::inherit())?;
        let turns = part.child.stdin.take();
        part.hear::<bool>(Duration::ZERO)?;
        Ok(TurnTaker { part, turns })
    }

    /// Gives it a turn, and waits until that is over.
    pub(crate) fn take_turn(&mut self) -> Result<()> {
        let given = self.turns.as_mut().context("it has had its last turn")?.write_all(b"\n");
        // One that has died says more by how it ended than by its broken pipe.
        self.part.hear::<bool>(Duration::ZERO)?;
        given.with_context(|| format!("the {} could be given no turn", self.part.name))
    }

    /// Tells it that there are no more turns, and hears what it says then.
    pub(crate) fn end<T: DeserializeOwned>(mut self) -> Result<T> {
        self.turns = None;
        self.part.hear(TO_END)
    }
}
