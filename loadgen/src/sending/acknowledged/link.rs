//! The way to the other side: dialled, greeted, listened to, and dialled again after a break.

use std::io::{self, ErrorKind, Read, Write};
use std::mem;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::{Interest, Registry, Token};
use nix::sys::socket::{setsockopt, sockopt};

use super::answers::{Answer, Answers};
use super::dialling::{Attempt, Dialling, Outcome};
use super::news::News;
use crate::error::{Error, Result};
use crate::sending::transport::{Transport, Wrapping};
use crate::time;

/// A peer that says much must not keep the others waiting: after so many reads the rest waits for the
/// next time.
const READS: usize = 16;

pub(super) struct Link {
    name: String,
    /// What is said first of all on each connection.
    token_line: String,
    dialling: Dialling,
    send_buffer_bytes: Option<usize>,
    /// How long nothing may be said or taken while something is due.
    patience: Duration,
    state: State,
    /// Whether it was told that there is no connection.
    is_told: bool,
}

enum State {
    Apart { dials_at: Instant },
    Dialling(Attempt),
    Talking(Talk),
    Over,
}

/// A connection that has come about.
struct Talk {
    stream: Transport,
    peer: SocketAddr,
    answers: Answers,
    stage: Stage,
    /// Whether there may be something to read.
    is_readable: bool,
    /// When something was said or taken last.
    alive: Instant,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It has greeted, and waits for its answer.
    Greeted,
    Sending,
    /// It has closed its direction, and waits for the last acknowledgement.
    Ending,
}

/// What a link works with, and whom it tells.
pub(super) struct Around<'a> {
    pub(super) registry: &'a Registry,
    pub(super) wrapping: &'a Wrapping,
    pub(super) token: Token,
    pub(super) now: Instant,
    /// The same in the schedule's time.
    pub(super) elapsed: Duration,
    pub(super) scratch: &'a mut [u8],
    pub(super) news: &'a mut News,
}

impl Link {
    pub(super) fn new(
        name: String,
        token_line: String,
        dialling: Dialling,
        send_buffer_bytes: Option<usize>,
        patience: Duration,
        now: Instant,
    ) -> Self {
        let state = State::Apart { dials_at: now };
        Self { name, token_line, dialling, send_buffer_bytes, patience, state, is_told: false }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// How far the connection has come, if there is one.
    pub(super) fn stage(&self) -> Option<Stage> {
        match &self.state {
            State::Talking(talk) => Some(talk.stage),
            _ => None,
        }
    }

    /// Where lines are written to, if they may be.
    pub(super) fn stream(&mut self) -> Option<&mut Transport> {
        match &mut self.state {
            State::Talking(talk) if talk.stage == Stage::Sending => Some(&mut talk.stream),
            _ => None,
        }
    }

    /// Notes that something was taken.
    pub(super) fn is_alive(&mut self, now: Instant) {
        if let State::Talking(talk) = &mut self.state {
            talk.alive = now;
        }
    }

    /// Notes that something was acknowledged.
    pub(super) fn is_well(&mut self) {
        self.dialling.is_well();
    }

    // ---- time passes ----

    /// When it is to be tended next, if the time comes by itself. A connection may be silent unless
    /// it is waited for.
    pub(super) fn due(&self, is_waited_for: bool) -> Option<Instant> {
        match &self.state {
            State::Apart { dials_at } => Some(*dials_at),
            State::Dialling(attempt) => Some(attempt.until),
            State::Talking(talk) if talk.is_readable => Some(talk.alive),
            State::Talking(talk) if is_waited_for || talk.stage == Stage::Greeted => {
                talk.alive.checked_add(self.patience)
            }
            State::Talking(_) | State::Over => None,
        }
    }

    /// Does what is due: dials, reads on, or gives up what takes too long. Gives why the connection is
    /// lost, if it is; what was said before is still to be answered to then.
    pub(super) fn tend(&mut self, around: &mut Around<'_>) -> Option<String> {
        match &self.state {
            State::Apart { .. } => self.dial(around),
            State::Dialling(_) => self.fail_to_dial(&ErrorKind::TimedOut.into(), around),
            State::Talking(talk) if talk.is_readable => return self.listen(around),
            State::Talking(_) => {
                let patience = time::written(self.patience);
                return Some(format!("nothing was said or taken for {patience}"));
            }
            State::Over => {}
        }
        None
    }

    fn dial(&mut self, around: &mut Around<'_>) {
        let dialled = self.dialling.dial(around.now).and_then(|mut attempt| {
            let interest = Interest::READABLE | Interest::WRITABLE;
            around.registry.register(&mut attempt.stream, around.token, interest)?;
            Ok(attempt)
        });
        match dialled {
            Ok(attempt) => self.state = State::Dialling(attempt),
            Err(error) => self.fail_to_dial(&error, around),
        }
    }

    fn fail_to_dial(&mut self, error: &io::Error, around: &mut Around<'_>) {
        self.state = State::Apart { dials_at: self.dialling.failed(around.now) };
        if !mem::replace(&mut self.is_told, true) {
            let why = match error.kind() {
                ErrorKind::ConnectionRefused => "nothing listens there".into(),
                _ => error.to_string(),
            };
            let (name, target) = (&self.name, &self.dialling.target);
            around.news.sentences.push(format!(
                "{name} cannot connect to {target}: {why}; it is dialled until it answers"
            ));
        }
    }

    // ---- the system has news ----

    /// Goes on as the socket's state allows, and reads what is said. Gives why the connection is lost,
    /// as [`Link::tend`] does.
    pub(super) fn look(
        &mut self,
        event: &Event,
        around: &mut Around<'_>,
    ) -> Result<Option<String>> {
        if let State::Dialling(attempt) = &self.state {
            match attempt.outcome() {
                Outcome::Connected => self.greet(around)?,
                Outcome::Open => {}
                Outcome::Failed(error) => self.fail_to_dial(&error, around),
            }
            return Ok(None);
        }
        if let (true, State::Talking(talk)) = (event.is_writable(), &mut self.state) {
            // A failure is left for whoever reads or writes next.
            talk.stream.flush().ok();
        }
        let is_readable = event.is_readable() || event.is_read_closed() || event.is_error();
        Ok(if is_readable { self.listen(around) } else { None })
    }

    /// The connection has come about.
    fn greet(&mut self, around: &mut Around<'_>) -> Result<()> {
        let dialled = State::Apart { dials_at: around.now };
        let State::Dialling(attempt) = mem::replace(&mut self.state, dialled) else {
            return Ok(());
        };
        let Attempt { stream, peer, .. } = attempt;
        // Lines should leave when they are due; a peer that has just gone makes this fail, and the
        // greeting will say so.
        stream.set_nodelay(true).ok();
        if let Some(bytes) = self.send_buffer_bytes {
            // More than the system can be told is as much as it gives.
            let bytes = bytes.min(i32::MAX as usize);
            setsockopt(&stream, sockopt::SndBuf, &bytes)
                .map_err(|error| Error::system("set the send buffer's size")(error.into()))?;
        }
        let mut stream =
            around.wrapping.wrap(stream).map_err(Error::system("set up a connection"))?;
        let greeting = format!("{}MILLSTREAM 1 {}\n", self.token_line, self.name);
        match stream.write(greeting.as_bytes()) {
            Ok(bytes) if bytes == greeting.len() => {
                let (answers, stage) = (Answers::default(), Stage::Greeted);
                let (is_readable, alive) = (false, around.now);
                let talk = Talk { stream, peer, answers, stage, is_readable, alive };
                self.state = State::Talking(talk);
                around.news.connected += 1;
            }
            // A new socket has room for it; one that has not is none to go on with.
            Ok(_) => self.fail_to_dial(&ErrorKind::WriteZero.into(), around),
            Err(error) => self.fail_to_dial(&error, around),
        }
        Ok(())
    }

    fn listen(&mut self, around: &mut Around<'_>) -> Option<String> {
        let State::Talking(talk) = &mut self.state else { return None };
        talk.is_readable = true;
        for _ in 0..READS {
            match talk.stream.read(around.scratch) {
                Ok(0) => return Some("the other side has closed it".into()),
                Ok(read) => {
                    talk.alive = around.now;
                    talk.answers.hear(&around.scratch[..read]);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    talk.is_readable = false;
                    break;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Some(error.to_string()),
            }
        }
        None
    }

    /// The next thing that was said. Fails with a sentence if it must not be said, or not now.
    pub(super) fn next_answer(&mut self) -> std::result::Result<Option<Answer>, String> {
        let State::Talking(talk) = &mut self.state else { return Ok(None) };
        let answer = match talk.answers.next()? {
            Some(answer @ Answer::Resume(_)) if talk.stage != Stage::Greeted => Err(answer),
            Some(answer @ Answer::Acknowledged(_)) if talk.stage == Stage::Greeted => Err(answer),
            answer => Ok(answer),
        };
        answer.map_err(|answer| format!("{answer:?} comes out of turn"))
    }

    // ---- what the sender makes of it ----

    /// Lines may go: the next has this number, and an earlier run had those before it or not.
    pub(super) fn begin_to_send(&mut self, next: u64, had_before: bool, around: &mut Around<'_>) {
        if let State::Talking(talk) = &mut self.state {
            talk.stage = Stage::Sending;
        }
        let name = &self.name;
        if had_before {
            around.news.sentences.push(format!(
                "{name} goes on with its line {next}: those before were acknowledged to an earlier run"
            ));
        } else if self.is_told {
            let sentence = format!("{name} is connected again, and goes on with its line {next}");
            around.news.sentences.push(sentence);
        }
        self.is_told = false;
    }

    /// No more will be sent; acknowledgements may come.
    pub(super) fn half_close(&mut self) {
        if let State::Talking(talk) = &mut self.state {
            // A peer that has just gone makes this fail, and has its end all the same.
            talk.stream.end().ok();
            talk.stage = Stage::Ending;
        }
    }

    /// Breaks the connection off on request: what the other side has not read is lost to it.
    pub(super) fn reset(&mut self, around: &mut Around<'_>) {
        if let State::Talking(talk) = &mut self.state
            && let Err(error) = talk.stream.reset_when_closed()
        {
            around.news.sentences.push(format!(
                "{} could not reset its connection to {}, which was closed instead ({error}): what the other \
                 side makes of a reset was not tried",
                self.name, talk.peer
            ));
        }
        self.leave(around);
    }

    /// The connection has ended as it was to; the next is dialled at once.
    pub(super) fn leave(&mut self, around: &mut Around<'_>) {
        around.news.disconnected += u64::from(self.stage().is_some());
        self.state = State::Apart { dials_at: around.now };
    }

    /// The connection has ended otherwise, with so many lines that are not acknowledged.
    pub(super) fn lose(&mut self, reason: &str, open: u64, around: &mut Around<'_>) {
        let State::Talking(talk) = &self.state else { return };
        if !mem::replace(&mut self.is_told, true) {
            around.news.sentences.push(format!(
                "{}: the connection to {} has ended ({reason}) with {open} lines that are not \
                 acknowledged; it is dialled until it answers",
                self.name, talk.peer
            ));
        }
        around.news.disconnected += 1;
        around.news.breaks += 1;
        self.state = State::Apart { dials_at: self.dialling.broke(around.now) };
    }

    /// There will be no other connection.
    pub(super) fn finish(&mut self, around: &mut Around<'_>) {
        around.news.disconnected += u64::from(self.stage().is_some());
        around.news.done += usize::from(!self.is_over());
        self.state = State::Over;
    }

    /// There must be no other connection: why not.
    pub(super) fn fail(&mut self, sentence: &str, around: &mut Around<'_>) {
        let place = match &self.state {
            State::Talking(talk) => talk.peer.to_string(),
            _ => self.dialling.target.clone(),
        };
        let sentence = format!("{} at {place}: {sentence}", self.name);
        around.news.failure.get_or_insert(sentence);
        self.finish(around);
    }
}
