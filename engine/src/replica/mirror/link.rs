//! The link to a replica: up, or dialled again until it is; what is written goes over it, and what is to be durable
//! waits for it.

use std::io::{self, ErrorKind, IoSlice};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::away::Away;
use super::broken::{Broken, BrokenKind};
use super::doing::Doing;
use super::session::{Dial, Session};
use super::sides::{Apart, Progress, Sides};
use super::slow::Warn;
use crate::backoff::Backoff;
use crate::directory::{LIVES, Life};
use crate::disk::AnyDisk;
use crate::error::{Error, Result};
use crate::replica::message::Request;

/// A start waits for so many time limits from a failure on, where nothing comes forward.
const LIMITS_AT_START: u32 = 3;

/// How often who pauses looks whether it still should.
const LOOK: Duration = Duration::from_millis(10);

/// What a link asks of the job, and tells it.
pub(crate) struct Hooks {
    pub(crate) warn: Warn,
    /// Whether the job starts still: then a wait has its limit.
    pub(crate) is_starting: Box<dyn Fn() -> bool + Send>,
    /// Whether the job waits for nothing any more.
    pub(crate) given_up: Box<dyn Fn() -> bool + Send>,
    /// Whether what is received is logged: then it waits for the replica before it counts.
    pub(crate) is_logged: bool,
}

impl Hooks {
    /// What becomes of the job, while it runs, until the replica has answered.
    pub(super) fn meanwhile(&self) -> &'static str {
        match self.is_logged {
            true => "nothing is acknowledged, and senders are held back",
            false => {
                "no checkpoint counts; outputs to files wait for one that is due, and other batches go on, of which a \
                 later start knows nothing"
            }
        }
    }
}

pub(super) struct Link {
    pub(super) dial: Dial,
    pub(super) disk: Arc<dyn AnyDisk>,
    pub(super) directory: PathBuf,
    pub(super) job: String,
    pub(super) hooks: Hooks,
    session: Option<Session>,
    /// The copies have been together once.
    was_together: bool,
    doing: Doing,
    next_file: u64,
    /// Why nothing is written any more.
    over: Option<Error>,
    /// How far it has come with bringing the copies together.
    progress: Progress,
    away: Away,
    /// A wait was given up.
    pub(super) gave_up: bool,
}

impl Link {
    pub(super) fn new(
        dial: Dial,
        disk: Arc<dyn AnyDisk>,
        directory: PathBuf,
        job: String,
        hooks: Hooks,
    ) -> Self {
        let away = Away::new(dial.address.clone(), hooks.warn.clone());
        Link {
            dial,
            disk,
            directory,
            job,
            hooks,
            session: None,
            was_together: false,
            doing: Doing::default(),
            next_file: 0,
            over: None,
            progress: Progress::default(),
            away,
            gave_up: false,
        }
    }

    /// Hears which start this is.
    pub(super) fn lives(&mut self, life: Life) {
        self.doing.life = Some(life);
    }

    // ---- what is done here is done there ----

    /// Notes that a file was made; answers its number.
    pub(super) fn created(&mut self, path: &str) -> u64 {
        let file = self.next_file;
        self.next_file += 1;
        self.doing.created(file, path);
        self.tell(&Request::Create { file, path: path.to_owned(), like: None });
        file
    }

    /// Notes that the first `bytes` of these parts were appended to a file.
    pub(super) fn appended(&mut self, file: u64, parts: &[IoSlice<'_>], bytes: usize) {
        let Some(offset) = self.doing.appended(file, bytes) else { return };
        let Some(session) = &mut self.session else { return };
        let sent = session.append(file, offset, parts, bytes, &self.hooks.given_up);
        self.hold(sent);
    }

    pub(super) fn closed(&mut self, file: u64) {
        if self.doing.closed(file) {
            self.tell(&Request::Close { file });
        }
    }

    pub(super) fn renamed(&mut self, from: &str, to: &str) {
        self.doing.renamed(from, to);
        self.tell(&Request::Rename { from: from.to_owned(), to: to.to_owned() });
    }

    pub(super) fn removed(&mut self, path: &str) {
        for file in self.doing.removed(path) {
            self.tell(&Request::Close { file });
        }
        self.tell(&Request::Remove { path: path.to_owned() });
    }

    pub(super) fn made_directory(&mut self, path: &str) {
        self.tell(&Request::MakeDirectory { path: path.to_owned() });
    }

    /// Asks for something to be made durable; answers what [`settle`](Link::settle) is to wait for.
    pub(super) fn ask(&mut self, request: &Request) -> Option<u64> {
        let session = self.session.as_mut()?;
        let sent = session.tell(request, &self.hooks.given_up);
        self.hold(sent)
    }

    /// Waits until what was asked for is durable there, over whatever breaks meanwhile.
    pub(super) fn settle(&mut self, asked: Option<u64>) -> io::Result<()> {
        if let (Some(asked), Some(session)) = (asked, &mut self.session) {
            let done = session.wait_for(asked, &self.hooks.given_up);
            if self.hold(done).is_some() {
                return Ok(());
            }
        }
        self.reach().map(drop).map_err(|error| match self.gave_up {
            true => io::Error::new(ErrorKind::TimedOut, error.to_string()),
            false => io::Error::other(error),
        })
    }

    /// The same for the names in a directory.
    pub(super) fn settle_names(&mut self, directory: &str, asked: Option<u64>) -> io::Result<()> {
        self.settle(asked)?;
        self.doing.are_gone(directory);
        Ok(())
    }

    /// Gives a sign of life where none was given for so long.
    pub(super) fn ping(&mut self, after: Duration) {
        if let Some(session) = self.session.as_mut().filter(|session| session.idle() >= after) {
            let answered = session.ask(&Request::Ping, &self.hooks.given_up);
            self.hold(answered);
        }
    }

    fn tell(&mut self, request: &Request) {
        self.ask(request);
    }

    /// Takes what has come of the session, which is over where it has failed.
    fn hold<T>(&mut self, outcome: Result<T, Broken>) -> Option<T> {
        outcome.map_err(|broken| self.is_cut(broken)).ok()
    }

    fn is_cut(&mut self, broken: Broken) {
        self.session = None;
        self.away.is_cut(broken);
    }

    /// Fails where nothing is to be written any more.
    pub(super) fn still_on(&self) -> Result<()> {
        self.over.clone().map_or(Ok(()), Err)
    }

    // ---- dialling ----

    /// Dials until the copies are together, and all that both have is durable. Answers what was found.
    pub(super) fn reach(&mut self) -> Result<Vec<String>> {
        self.still_on()?;
        let mut pauses = Backoff::default();
        // When it has failed for the first time since something was done.
        let mut failing: Option<Instant> = None;
        let mut was_in_use = false;
        self.progress = Progress::default();
        if !(self.hooks.is_starting)() {
            // Who is dialled may say nothing for long.
            self.away.say(&self.waits());
        }
        loop {
            let broken = match self.attempt() {
                Ok(found) => {
                    self.away.is_back((self.hooks.is_starting)());
                    return Ok(found);
                }
                Err(Apart::Here(error)) => {
                    self.session = None;
                    if matches!(error, Error::GoneOnElsewhere { .. }) {
                        self.over = Some(error.clone());
                    }
                    return Err(error);
                }
                Err(Apart::Link(broken)) => broken,
            };
            let is_final = broken.kind == BrokenKind::Lasting;
            was_in_use |= broken.kind == BrokenKind::InUse;
            self.is_cut(broken);
            if (self.hooks.given_up)() {
                self.gave_up = true;
                return Err(self
                    .away
                    .in_vain("the job has to stop, and goes on from its own disk"));
            }
            let most = self.dial.silence.saturating_mul(LIMITS_AT_START);
            if std::mem::take(&mut self.progress.was_made) {
                failing = None;
            }
            let since = *failing.get_or_insert_with(Instant::now);
            let is_over = is_final || since.elapsed() >= most;
            match (self.hooks.is_starting)() {
                true if is_over => return Err(self.away.in_vain(cure_at_start(was_in_use))),
                true => self.away.say(&format!(
                    "it is dialled again, and this start waits for it, for {} ms in all",
                    most.as_millis()
                )),
                false => self.away.say(&self.waits()),
            }
            self.pause(pauses.failed());
        }
    }

    fn attempt(&mut self) -> Result<Vec<String>, Apart> {
        // One that is there has said something that cannot be relied on.
        self.session = None;
        let there = format!("{}/{}", self.dial.address, self.dial.directory);
        let opened = match Session::open(&self.dial, self.doing.life, &self.hooks.given_up) {
            Err(broken) if broken.kind == BrokenKind::GoneOn => {
                return Err(Error::GoneOnElsewhere { copy: there }.into());
            }
            opened => opened?,
        };
        let session = self.session.insert(opened);
        let sides = Sides {
            disk: &*self.disk,
            directory: &self.directory,
            job: &self.job,
            there: &there,
            session,
            given_up: &self.hooks.given_up,
            next_file: &mut self.next_file,
            progress: &mut self.progress,
        };
        if !self.was_together {
            let mut found = sides.at_start()?;
            self.was_together = true;
            found.extend(self.was_nothing_there(&there));
            return Ok(found);
        }
        let found = sides.while_running(&self.doing)?;
        found.into_iter().for_each(|found| (self.hooks.warn)(found));
        self.doing.all_are_gone();
        if let Some(sentence) = self.was_nothing_there(&there) {
            (self.hooks.warn)(sentence);
        }
        Ok(Vec::new())
    }

    /// What is to be said of a replica that had nothing of a job which has been started before.
    fn was_nothing_there(&mut self, there: &str) -> Option<String> {
        let was_nothing = std::mem::take(&mut self.progress.there_was_nothing);
        let has_lived = || self.disk.metadata(&self.directory.join(LIVES)).is_ok();
        (was_nothing && has_lived()).then(|| {
            format!(
                "{there} had nothing of this job, which has been started before, and all of it was sent there; if there \
                 was a second copy it is lost, or its disk is not mounted at the replica"
            )
        })
    }

    /// What is done about a replica that is away, while the job runs.
    fn waits(&self) -> String {
        format!("it is dialled again, and until it is there {}", self.hooks.meanwhile())
    }

    fn pause(&self, pause: Duration) {
        let until = Instant::now() + pause;
        while let left = until.saturating_duration_since(Instant::now())
            && !left.is_zero()
            && !(self.hooks.given_up)()
        {
            std::thread::sleep(left.min(LOOK));
        }
    }
}

/// What helps a start that has waited in vain. One without a second copy would go on beside whoever has that copy.
fn cure_at_start(was_in_use: bool) -> &'static str {
    match was_in_use {
        true => {
            "another start of this job may be running from this copy: find it, and see which of the two is to go on, \
             before anything is started"
        }
        false => {
            "mend that, or leave Conf::replica out: then the job starts without a second copy, and what it \
             acknowledges is durable on its own disk alone"
        }
    }
}
