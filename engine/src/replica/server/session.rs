//! One connection to a replica: who it is, and then what it asks for, in order.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use super::store::{Refusal, Store};
use super::{HELLO_LIMIT, Settings};
use crate::durable;
use crate::random::drawn;
use crate::replica::at_it::{SIGNS_OF_LIFE, at_it, until_sign};
use crate::replica::message::{
    ANSWER, APPEND, APPEND_HEAD_BYTES, AT_IT, Answer, CHALLENGE, DATA, MOST_DATA_BYTES,
    MOST_WORD_BYTES, REQUEST, Reason, Request, SHOWN_BY_REPLICA, VERSION, most_bytes_of_who_dials,
};
use crate::replica::name::is_directory;
use crate::replica::proof::{NONCE_BYTES, Nonce, PROOF_BYTES, Proof, Role};
use crate::replica::wire::{Patience, Wire};

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
    wire: Wire,
    settings: &'s Settings,
    is_over: &'s dyn Fn() -> bool,
    /// For so long the primary may be silent.
    idle: Duration,
    /// So often it hears something, while it may be waiting.
    sign_every: Duration,
    /// When something was said last.
    said: Instant,
}

/// How a session has ended.
pub(super) enum End {
    /// The connection is gone.
    Broken(io::Error),
    /// It was told why.
    Refused(Refusal),
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
        is_over: &'s dyn Fn() -> bool,
    ) -> io::Result<Self> {
        Ok(Greeting {
            talk: Talk {
                wire: Wire::new(stream, most_bytes_of_who_dials)?,
                settings,
                is_over,
                idle: settings.idle,
                sign_every: HELLO_LIMIT,
                said: Instant::now(),
            },
        })
    }

    /// Waits for one who knows the token, and takes the directory that it asks for. `admit` may have a last word.
    pub(super) fn greet(
        mut self,
        admit: impl FnOnce() -> Result<(), Refusal>,
    ) -> Result<Session<'s>, End> {
        let until = Instant::now() + HELLO_LIMIT;
        match self.welcome(until, admit) {
            Ok((store, name)) => Ok(Session { talk: self.talk, store, name }),
            Err(end) => Err(self.talk.end(end)),
        }
    }

    fn welcome(
        &mut self,
        until: Instant,
        admit: impl FnOnce() -> Result<(), Refusal>,
    ) -> Result<(Store, String), End> {
        let settings = self.talk.settings;
        let directory = self.introduce(until)?;
        let Ok(Request::Begin { limit_ms, life }) = self.talk.hear(Some(until))?.request() else {
            return Err(misfit("the first request must be Begin").into());
        };
        if !is_directory(&directory) {
            let sentence = "the job's directory has a name that is none".to_owned();
            return Err((Reason::Directory, sentence).into());
        }
        admit()?;
        let place = settings.directory.join(&directory);
        self.talk.suits(Duration::from_millis(limit_ms));
        let (disk, most_bytes) = (settings.disk.clone(), settings.most_bytes);
        let store = self.talk.at_it(|| {
            let store = Store::open(disk, place, most_bytes)?;
            life.map_or(Ok(()), |life| store.was_not_gone_on_without(life)).map(|()| store)
        })??;
        self.talk.say(&Answer::Welcome)?;
        Ok((store, directory))
    }

    /// Has both sides show that they know the token, before anything else is heard, or read. Answers which directory is
    /// asked for.
    fn introduce(&mut self, until: Instant) -> Result<String, End> {
        let settings = self.talk.settings;
        let drawn_by_replica: Nonce = drawn().map_err(io::Error::other)?;
        self.talk.send_parts(CHALLENGE, &[&VERSION.to_le_bytes(), &drawn_by_replica])?;
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
        self.talk.wire.is_known();
        self.talk.send(SHOWN_BY_REPLICA, shown.as_bytes())?;
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
        let heard = self.talk.hear(None)?;
        if heard.kind == APPEND {
            let payload = self.talk.wire.payload();
            let Some((head, bytes)) = payload.split_at_checked(APPEND_HEAD_BYTES) else {
                return Err(misfit("an append has no file and no offset").into());
            };
            let number = |at: usize| {
                u64::from_le_bytes(head[at..at + 8].try_into().expect("it is eight bytes"))
            };
            self.store.append(number(0), number(8), bytes)?;
            return Ok(self.talk.sign().map(drop)?);
        }
        let (sequence, request) = (heard.sequence, heard.request()?);
        let store = &mut self.store;
        match request {
            Request::Begin { .. } => return Err(misfit("Begin comes once").into()),
            Request::List => {
                for path in store.list() {
                    let (bytes, hash) = self.at_it(|store| {
                        let content = store.read(&path)?;
                        Ok((content.len() as u64, blake3::hash(&content).into()))
                    })?;
                    self.talk.say(&Answer::Entry { path, bytes, hash })?;
                }
            }
            Request::Read { path } => {
                for chunk in self.at_it(|store| store.read(&path))?.chunks(MOST_DATA_BYTES) {
                    self.talk.send(DATA, chunk)?;
                }
            }
            Request::Create { file, path, like } => {
                return self.at_it(|store| store.create(file, path, like.as_ref()));
            }
            Request::Close { file } => {
                store.close(file);
                return Ok(());
            }
            Request::Rename { from, to } => {
                store.rename(&from, &to)?;
                return Ok(self.talk.sign().map(drop)?);
            }
            Request::Remove { path } => {
                store.remove(&path)?;
                return Ok(self.talk.sign().map(drop)?);
            }
            Request::MakeDirectory { path } => {
                store.make_directory(&path)?;
                return Ok(self.talk.sign().map(drop)?);
            }
            Request::Sync { file } => self.at_it(|store| store.sync(file))?,
            Request::SyncDirectory { path } => self.at_it(|store| store.sync_directory(&path))?,
            Request::Ping => {}
        }
        Ok(self.talk.say(&Answer::Done { sequence })?)
    }

    /// Works with the store, while the primary hears that it goes on.
    fn at_it<R: Send>(
        &mut self,
        work: impl FnOnce(&mut Store) -> Result<R, Refusal> + Send,
    ) -> Result<R, End> {
        let Session { talk, store, .. } = self;
        Ok(talk.at_it(move || work(store))??)
    }
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
            REQUEST => durable::from_bytes(self.payload)
                .map_err(|reason| misfit(&format!("a request could not be read: {reason}"))),
            kind => Err(misfit(&format!("a primary says nothing of kind {kind}"))),
        }
    }
}

impl Talk<'_> {
    fn hear(&mut self, until: Option<Instant>) -> io::Result<Heard<'_>> {
        let patience = Patience { silence: self.idle, until, given_up: self.is_over };
        let (kind, sequence) = self.wire.receive(&patience)?;
        Ok(Heard { kind, sequence, payload: self.wire.payload() })
    }

    fn say(&mut self, answer: &Answer) -> io::Result<()> {
        let payload = durable::to_bytes(answer).map_err(io::Error::other)?;
        self.send(ANSWER, &payload)
    }

    fn send(&mut self, kind: u8, payload: &[u8]) -> io::Result<()> {
        self.send_parts(kind, &[payload])
    }

    fn send_parts(&mut self, kind: u8, parts: &[&[u8]]) -> io::Result<()> {
        let patience = Patience { silence: self.idle, until: None, given_up: self.is_over };
        self.wire.send(kind, parts, &patience)?;
        self.said = Instant::now();
        Ok(())
    }

    /// Takes on the time limit of the primary: one that is there is not silent for so long, and one that is not is
    /// let go before the next start has waited for it to the end.
    fn suits(&mut self, limit: Duration) {
        self.idle = self.settings.idle.min(limit.saturating_mul(2)).max(limit);
        self.sign_every = limit / SIGNS_OF_LIFE;
    }

    /// Says that it is still at it, where nothing was said for long; answers after how long it is to be called again.
    fn sign(&mut self) -> io::Result<Duration> {
        match until_sign(self.said, self.sign_every) {
            Some(left) => Ok(left),
            None => self.send(AT_IT, &[]).map(|()| self.sign_every),
        }
    }

    fn at_it<R: Send>(&mut self, work: impl FnOnce() -> R + Send) -> io::Result<R> {
        at_it(work, || self.sign())
    }

    /// Tells why it ends, where there is somebody to tell.
    fn end(&mut self, end: End) -> End {
        if let End::Refused((reason, sentence)) = &end {
            let most = MOST_WORD_BYTES / 2;
            let sentence = sentence.chars().take(most / 4).collect();
            let told = self.say(&Answer::Refused { reason: *reason, sentence });
            if told.and_then(|()| self.wire.stream().shutdown(Shutdown::Write)).is_ok() {
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
