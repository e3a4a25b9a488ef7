//! One connection to a replica: who it is, and then what it asks for, in order.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::store::{Refusal, Store};
use super::voice::{Signs, Voice};
use super::{HELLO_LIMIT, Settings};
use crate::durable;
use crate::printable::printable;
use crate::random::drawn;
use crate::replica::message::{
    ANSWER, APPEND, APPEND_HEAD_BYTES, Answer, CHALLENGE, DATA, MOST_DATA_BYTES, MOST_WORD_BYTES,
    REQUEST, Reason, Request, SHOWN_BY_REPLICA, VERSION, most_bytes_of_who_dials,
};
use crate::replica::name::is_directory;
use crate::replica::proof::{NONCE_BYTES, Nonce, PROOF_BYTES, Proof, Role};
use crate::replica::wire::{Ear, Patience, Wire};

/// How long one who was refused is given to read why.
const LINGER: Duration = Duration::from_secs(1);

/// A connection of which nothing is known.
pub(super) struct Greeting<'s> {
    talk: Talk<'s>,
}

/// One that has its job's directory.
pub(super) struct Session<'s> {
    talk: Talk<'s>,
    store: Store,
    /// Of the job, as a directory.
    pub(super) name: String,
}

struct Talk<'s> {
    ear: Ear,
    voice: Arc<Voice>,
    /// Signs of life, once it is known how often they are waited for.
    signs: Option<Signs>,
    settings: &'s Settings,
    is_over: &'s AtomicBool,
    /// For so long the primary may be silent.
    idle: Duration,
}

/// How a session has ended.
pub(super) enum End {
    /// The connection is gone.
    Broken(io::Error),
    /// It was told why.
    Refused(Refusal),
}

/// Who was not let in.
pub(super) enum Unwelcome {
    /// One who has not shown that it knows the token.
    Stranger(End),
    /// One who has.
    Job(End),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        End::Broken(error)
    }
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        End::Refused(refusal)
    }
}

impl<'s> Greeting<'s> {
    pub(super) fn new(
        stream: TcpStream,
        settings: &'s Settings,
        is_over: &'s Arc<AtomicBool>,
    ) -> io::Result<Self> {
        let (idle, Wire { mouth, ear }) =
            (settings.idle, Wire::new(stream, most_bytes_of_who_dials)?);
        let voice = Arc::new(Voice::new(mouth, idle, is_over.clone()));
        Ok(Greeting { talk: Talk { ear, voice, signs: None, settings, is_over, idle } })
    }

    /// Waits for one who knows the token, and takes the directory that it asks for. `admit` has a word about who
    /// has shown that.
    pub(super) fn greet(
        mut self,
        admit: impl FnOnce() -> Result<(), Refusal>,
    ) -> Result<Session<'s>, Unwelcome> {
        let until = Instant::now() + HELLO_LIMIT;
        let directory = match self.introduce(until) {
            Ok(directory) => directory,
            Err(end) => return Err(Unwelcome::Stranger(self.talk.end(end))),
        };
        match self.welcome(&directory, until, admit) {
            Ok(store) => Ok(Session { talk: self.talk, store, name: directory }),
            Err(end) => Err(Unwelcome::Job(self.talk.end(end))),
        }
    }

    fn welcome(
        &mut self,
        directory: &str,
        until: Instant,
        admit: impl FnOnce() -> Result<(), Refusal>,
    ) -> Result<Store, End> {
        admit()?;
        let settings = self.talk.settings;
        let Ok(Request::Begin { limit_ms, life }) = self.talk.hear(Some(until))?.request() else {
            return Err(misfit("the first request must be Begin").into());
        };
        if !is_directory(directory) {
            let sentence = "the job's directory has a name that is none".to_owned();
            return Err((Reason::Directory, sentence).into());
        }
        let place = settings.directory.join(directory);
        self.talk.suits(Duration::from_millis(limit_ms))?;
        let (disk, most_bytes) = (settings.disk.clone(), settings.most_bytes);
        let store = self.talk.voice.at_it(|| Store::open(disk, place, most_bytes, life))?;
        self.talk.say(&Answer::Welcome)?;
        Ok(store)
    }

    /// Has both sides show that they know the token, before anything else is heard, or read. Answers which directory is
    /// asked for.
    fn introduce(&mut self, until: Instant) -> Result<String, End> {
        let settings = self.talk.settings;
        let drawn_by_replica: Nonce = drawn().map_err(io::Error::other)?;
        self.talk.voice.say(CHALLENGE, &[&VERSION.to_le_bytes(), &drawn_by_replica])?;
        let heard = self.talk.hear(Some(until))?.payload;
        let (drawn_by_primary, heard) =
            heard.split_first_chunk::<NONCE_BYTES>().ok_or_else(no_proof)?;
        let (shown, directory) = heard.split_first_chunk::<PROOF_BYTES>().ok_or_else(no_proof)?;
        let directory = String::from_utf8(directory.to_vec()).map_err(|_| no_proof())?;
        let (drawn_by_replica, directory) = (&drawn_by_replica, &*directory);
        let proof = Proof { drawn_by_replica, drawn_by_primary, directory };
        if proof.of(Role::Primary, &settings.token) != *shown {
            return Err((Reason::Token, "the token is another one".to_owned()).into());
        }
        let (shown, directory) = (proof.of(Role::Replica, &settings.token), directory.to_owned());
        self.talk.ear.trust();
        self.talk.voice.say(SHOWN_BY_REPLICA, &[shown.as_bytes()])?;
        Ok(directory)
    }
}

impl Session<'_> {
    /// Carries out what is asked for, until the connection ends, or something fails.
    pub(super) fn serve(mut self) -> End {
        let end = loop {
            if let Err(end) = self.step() {
                break end;
            }
        };
        let Session { mut talk, store, .. } = self;
        // Whoever dials again may have the directory.
        drop(store);
        talk.end(end)
    }

    fn step(&mut self) -> Result<(), End> {
        let Session { talk, store, .. } = self;
        let voice = talk.voice.clone();
        let heard = talk.hear(None)?;
        // Whatever it is, it may take long: it is known meanwhile that it is being done.
        match voice.at_it(|| heard.carried_out(store, &voice))? {
            Carried::InARow => Ok(()),
            Carried::Answered(sequence) => Ok(talk.say(&Answer::Done { sequence })?),
        }
    }
}

/// What becomes of a message that was carried out.
enum Carried {
    /// The next one may come.
    InARow,
    /// It is answered.
    Answered(u64),
}

/// A message that has come.
struct Heard<'w> {
    kind: u8,
    sequence: u64,
    payload: &'w [u8],
}

impl Heard<'_> {
    fn request(&self) -> Result<Request, Refusal> {
        match self.kind {
            REQUEST => durable::from_bytes(self.payload).map_err(|reason| {
                let reason = printable(&reason);
                misfit(&format!("a request could not be read: {reason}"))
            }),
            kind => Err(misfit(&format!("a primary says nothing of kind {kind}"))),
        }
    }

    /// Does what it asks for.
    fn carried_out(&self, store: &mut Store, voice: &Voice) -> Result<Carried, End> {
        if self.kind == APPEND {
            let Some((head, bytes)) = self.payload.split_at_checked(APPEND_HEAD_BYTES) else {
                return Err(misfit("an append has no file and no offset").into());
            };
            let number = |at: usize| {
                u64::from_le_bytes(head[at..at + 8].try_into().expect("it is eight bytes"))
            };
            store.append(number(0), number(8), bytes)?;
            return Ok(Carried::InARow);
        }
        let in_a_row = |done: Result<(), Refusal>| done.map(|()| Carried::InARow);
        let answered = |done: Result<(), Refusal>| done.map(|()| Carried::Answered(self.sequence));
        Ok(match self.request()? {
            Request::Begin { .. } => in_a_row(Err(misfit("Begin comes once")))?,
            Request::List => {
                for path in store.list() {
                    let content = store.read_undamaged(&path)?;
                    let bytes = content.as_ref().map_or(store.length(&path), |c| c.len() as u64);
                    let hash = content.map(|content| blake3::hash(&content).into());
                    say(voice, &Answer::Entry { path, bytes, hash })?;
                }
                answered(Ok(()))?
            }
            Request::Read { path } => {
                for chunk in store.read(&path)?.chunks(MOST_DATA_BYTES) {
                    voice.say(DATA, &[chunk])?;
                }
                answered(Ok(()))?
            }
            Request::Create { file, path, like } => {
                in_a_row(store.create(file, path, like.as_ref()))?
            }
            Request::Close { file } => {
                store.close(file);
                in_a_row(Ok(()))?
            }
            Request::Rename { from, to } => in_a_row(store.rename(&from, &to))?,
            Request::Remove { path } => in_a_row(store.remove(&path))?,
            Request::MakeDirectory { path } => in_a_row(store.make_directory(&path))?,
            Request::Sync { file } => answered(store.sync(file))?,
            Request::SyncDirectory { path } => answered(store.sync_directory(&path))?,
            Request::Ping => answered(Ok(()))?,
        })
    }
}

impl Talk<'_> {
    fn hear(&mut self, until: Option<Instant>) -> io::Result<Heard<'_>> {
        let is_over = self.is_over;
        let given_up = || is_over.load(Ordering::Relaxed);
        let patience = Patience { silence: self.idle, until, given_up: &given_up };
        let (kind, sequence) = self.ear.receive(&patience)?;
        Ok(Heard { kind, sequence, payload: self.ear.payload() })
    }

    fn say(&self, answer: &Answer) -> io::Result<()> {
        say(&self.voice, answer)
    }

    /// Takes on the time limit of the primary: one that is there is not silent for so long, and one that is not is
    /// let go before the next start has waited for it to the end.
    fn suits(&mut self, limit: Duration) -> io::Result<()> {
        self.idle = self.settings.idle.min(limit.saturating_mul(2)).max(limit);
        self.voice.bears(self.idle);
        self.signs = Some(Signs::of(&self.voice, limit)?);
        Ok(())
    }

    /// Tells why it ends, where there is somebody to tell.
    fn end(&mut self, end: End) -> End {
        if let End::Refused((reason, sentence)) = &end {
            let most = MOST_WORD_BYTES / 2;
            let sentence = sentence.chars().take(most / 4).collect();
            let told = self.say(&Answer::Refused { reason: *reason, sentence });
            if told.and_then(|()| self.voice.close()).is_ok() {
                self.let_read();
            }
        }
        end
    }

    /// Takes what still comes, and leaves it: to close on it would take the last word back.
    fn let_read(&mut self) {
        let until = Instant::now() + LINGER;
        while Instant::now() < until && self.hear(Some(until)).is_ok() {}
    }
}

fn misfit(sentence: &str) -> Refusal {
    (Reason::Protocol, sentence.to_owned())
}

fn no_proof() -> Refusal {
    misfit("who dials shows that it knows the token first")
}

fn say(voice: &Voice, answer: &Answer) -> io::Result<()> {
    let payload = durable::to_bytes(answer).map_err(io::Error::other)?;
    voice.say(ANSWER, &[&payload])
}
