//! A connection to a replica that lets this job have its directory there.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, IoSlice};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use smallvec::SmallVec;

use super::broken::{Broken, BrokenKind};
use super::slow::Slow;
use crate::directory::Life;
use crate::durable;
use crate::printable::printable;
use crate::random::drawn;
use crate::replica::at_it::{SIGNS_OF_LIFE, at_it, until_sign};
use crate::replica::message::{
    ANSWER, APPEND, AT_IT, Answer, CHALLENGE, DATA, HASH_BYTES, MOST_DATA_BYTES, REQUEST, Reason,
    Request, SHOWN_BY_PRIMARY, SHOWN_BY_REPLICA, VERSION, most_bytes_of_who_listens,
};
use crate::replica::name::{MOST_FILES, is_path};
use crate::replica::proof::{Nonce, PROOF_BYTES, Proof, Role};
use crate::replica::wire::{Patience, Wire};
use crate::secret::Secret;

/// A connection is up by then, or is not waited for.
const CONNECT_LIMIT: Duration = Duration::from_secs(1);

/// How long who leaves waits for the replica to have let the directory go.
const LEAVE_LIMIT: Duration = Duration::from_secs(1);

/// What a replica has of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) bytes: u64,
    /// The BLAKE3 of its content; none where its disk cannot give that back.
    pub(super) hash: Option<[u8; HASH_BYTES]>,
}

impl Held {
    /// Whether a file begins with just this.
    pub(super) fn begins(&self, content: &[u8]) -> bool {
        let begins = usize::try_from(self.bytes).ok().and_then(|bytes| content.get(..bytes));
        let hash = begins.map(|begins| <[u8; HASH_BYTES]>::from(blake3::hash(begins)));
        hash.is_some() && hash == self.hash
    }
}

/// Whom to dial, and as whom.
pub(super) struct Dial {
    pub(super) address: String,
    pub(super) token: Secret,
    /// The job's directory there.
    pub(super) directory: String,
    /// For so long nothing may move.
    pub(super) silence: Duration,
    pub(super) slow: Arc<Slow>,
}

/// What a message is made of.
type Parts<'p> = SmallVec<[&'p [u8]; 10]>;

/// How a session waits.
pub(super) type GivenUp<'a> = &'a dyn Fn() -> bool;

/// A link that is up.
pub(super) struct Session {
    wire: Wire,
    silence: Duration,
    slow: Arc<Slow>,
    /// The last request that was answered.
    done: Option<u64>,
    used: Instant,
}

impl Session {
    /// Dials, as the start `life`, where that is known.
    pub(super) fn open(
        dial: &Dial,
        life: Option<Life>,
        given_up: GivenUp<'_>,
    ) -> Result<Session, Broken> {
        let stream = connect(&dial.address, dial.silence.min(CONNECT_LIMIT))?;
        let wire = Wire::new(stream, most_bytes_of_who_listens)?;
        let (silence, slow) = (dial.silence, dial.slow.clone());
        let mut session = Session { wire, silence, slow, done: None, used: Instant::now() };
        session.introduce(dial, given_up)?;
        let limit_ms = u64::try_from(dial.silence.as_millis()).unwrap_or(u64::MAX);
        session.tell(&Request::Begin { limit_ms, life }, given_up)?;
        match session.answer(given_up)? {
            Answer::Welcome => Ok(session),
            other => Err(Broken::unexpected(&other)),
        }
    }

    /// Shows that this side knows the token, and has the other one show it, before anything else is said.
    fn introduce(&mut self, dial: &Dial, given_up: GivenUp<'_>) -> Result<(), Broken> {
        let drawn_by_replica = self.challenge(given_up)?;
        let drawn_by_primary = drawn().map_err(|error| Broken::passing(error.to_string()))?;
        let directory = &*dial.directory;
        let (token, address) = (&dial.token, &dial.address);
        let proof = Proof {
            drawn_by_replica: &drawn_by_replica,
            drawn_by_primary: &drawn_by_primary,
            directory,
        };
        let shown = proof.of(Role::Primary, token);
        let parts: [&[u8]; 3] = [&drawn_by_primary, shown.as_bytes(), directory.as_bytes()];
        self.send(SHOWN_BY_PRIMARY, &parts, given_up)?;
        let kind = self.hear_stranger(given_up)?;
        let payload = self.wire.ear.payload();
        match kind {
            SHOWN_BY_REPLICA => {
                let shown = <[u8; PROOF_BYTES]>::try_from(payload);
                if !shown.is_ok_and(|shown| proof.of(Role::Replica, token) == shown) {
                    let sentence = format!("what listens at {address} does not know the token");
                    return Err(Broken::lasting(sentence));
                }
                self.wire.ear.trust();
                Ok(())
            }
            // Whatever else a stranger says is not repeated.
            ANSWER => match durable::from_bytes(payload) {
                Ok(Answer::Refused { reason: Reason::Token, .. }) => {
                    Err(Broken::lasting("the token is another one".to_owned()))
                }
                _ => Err(Broken::no_replica("it has not shown that it knows the token")),
            },
            kind => Err(Broken::no_replica(&format!("it has said something of kind {kind}"))),
        }
    }

    /// What the replica has drawn for this connection.
    fn challenge(&mut self, given_up: GivenUp<'_>) -> Result<Nonce, Broken> {
        let kind = self.hear_stranger(given_up)?;
        let parts = self.wire.ear.payload().split_first_chunk::<4>();
        let (CHALLENGE, Some((version, drawn))) = (kind, parts) else {
            return Err(Broken::no_replica(&format!("it begins with something of kind {kind}")));
        };
        let version = u32::from_le_bytes(*version);
        if version != VERSION {
            let sentence = format!("it speaks version {version}, and this program {VERSION}");
            return Err(Broken::lasting(sentence));
        }
        drawn.try_into().map_err(|_| Broken::no_replica("it has drawn another number of bytes"))
    }

    /// The kind of the next message of one who may be no replica.
    fn hear_stranger(&mut self, given_up: GivenUp<'_>) -> Result<u8, Broken> {
        self.receive(given_up).map_err(|error| match error.kind() {
            ErrorKind::InvalidData => Broken::no_replica(&error.to_string()),
            ErrorKind::TimedOut => {
                Broken::passing(format!("it has not said that it is a millstream-replica: {error}"))
            }
            _ => error.into(),
        })
    }

    /// Sends a request; answers its sequence.
    pub(super) fn tell(&mut self, request: &Request, given_up: GivenUp<'_>) -> Result<u64, Broken> {
        let payload = durable::to_bytes(request).map_err(io::Error::other)?;
        self.send(REQUEST, &[&payload], given_up)
    }

    /// Sends a request, and waits until it is carried out.
    pub(super) fn ask(&mut self, request: &Request, given_up: GivenUp<'_>) -> Result<(), Broken> {
        let sequence = self.tell(request, given_up)?;
        self.wait_for(sequence, given_up)
    }

    /// Sends the first `bytes` of these parts, to be appended to a file at `offset`, in as few messages as they fit
    /// into.
    pub(super) fn append(
        &mut self,
        file: u64,
        mut offset: u64,
        parts: &[IoSlice<'_>],
        mut bytes: usize,
        given_up: GivenUp<'_>,
    ) -> Result<(), Broken> {
        let file = file.to_le_bytes();
        let (mut message, mut room) = (Parts::new(), MOST_DATA_BYTES);
        for part in parts {
            let mut part = &part[..part.len().min(bytes)];
            bytes -= part.len();
            while !part.is_empty() {
                let (fits, rest) = part.split_at(part.len().min(room));
                message.push(fits);
                room -= fits.len();
                part = rest;
                if room == 0 {
                    self.send_append(&file, offset, &message, given_up)?;
                    offset += MOST_DATA_BYTES as u64;
                    (message, room) = (Parts::new(), MOST_DATA_BYTES);
                }
            }
        }
        match message.is_empty() {
            true => Ok(()),
            false => self.send_append(&file, offset, &message, given_up),
        }
    }

    fn send_append(
        &mut self,
        file: &[u8],
        offset: u64,
        parts: &[&[u8]],
        given_up: GivenUp<'_>,
    ) -> Result<(), Broken> {
        let offset = offset.to_le_bytes();
        let all: Parts<'_> = [file, &offset].into_iter().chain(parts.iter().copied()).collect();
        self.send(APPEND, &all, given_up).map(drop)
    }

    /// Waits until a request that is answered is.
    pub(super) fn wait_for(&mut self, sequence: u64, given_up: GivenUp<'_>) -> Result<(), Broken> {
        while self.done.is_none_or(|done| done < sequence) {
            match self.answer(given_up)? {
                Answer::Done { sequence } => self.done = Some(sequence),
                other => return Err(Broken::unexpected(&other)),
            }
        }
        Ok(())
    }

    /// The files that there are, by path.
    pub(super) fn list(&mut self, given_up: GivenUp<'_>) -> Result<BTreeMap<String, Held>, Broken> {
        let asked = self.tell(&Request::List, given_up)?;
        let mut held = BTreeMap::new();
        loop {
            match self.answer(given_up)? {
                Answer::Entry { path, bytes, hash } if is_path(&path) => {
                    held.insert(path, Held { bytes, hash });
                    if held.len() > MOST_FILES {
                        return Err(Broken::passing(format!(
                            "it lists more than {MOST_FILES} files"
                        )));
                    }
                }
                Answer::Done { sequence } if sequence >= asked => return Ok(held),
                Answer::Done { .. } => {}
                other => return Err(Broken::unexpected(&other)),
            }
        }
    }

    /// The content of a file, of which `listed` bytes are listed.
    pub(super) fn read(
        &mut self,
        path: &str,
        listed: u64,
        given_up: GivenUp<'_>,
    ) -> Result<Vec<u8>, Broken> {
        let asked = self.tell(&Request::Read { path: path.to_owned() }, given_up)?;
        let mut content = Vec::new();
        loop {
            let kind = self.receive(given_up)?;
            if kind == DATA {
                content.extend_from_slice(self.wire.ear.payload());
                if content.len() as u64 > listed {
                    let sentence =
                        format!("it gives more of {path} than the {listed} bytes listed");
                    return Err(Broken::passing(sentence));
                }
                continue;
            }
            match self.read_answer(kind)? {
                Answer::Done { sequence } if sequence >= asked => return Ok(content),
                Answer::Done { .. } => {}
                other => return Err(Broken::unexpected(&other)),
            }
        }
    }

    /// Works on something here, and gives signs of life meanwhile.
    pub(super) fn at_it<R: Send>(
        &mut self,
        given_up: GivenUp<'_>,
        work: impl FnOnce() -> R + Send,
    ) -> Result<R, Broken> {
        let every = self.silence / SIGNS_OF_LIFE;
        at_it(work, || match until_sign(self.used, every) {
            Some(left) => Ok(left),
            None => self.ask(&Request::Ping, given_up).map(|()| every),
        })
    }

    /// For how long nothing was sent.
    pub(super) fn idle(&self) -> Duration {
        self.used.elapsed()
    }

    fn send(&mut self, kind: u8, parts: &[&[u8]], given_up: GivenUp<'_>) -> Result<u64, Broken> {
        self.used = Instant::now();
        let patience = Patience { silence: self.silence, until: None, given_up };
        let sent = self.wire.mouth.send(kind, parts, &patience);
        // One that closes the connection has said why, most likely.
        sent.map_err(|error| match self.answer(given_up) {
            Err(refused) if refused.kind != BrokenKind::Passing => refused,
            Err(refused)
                if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) =>
            {
                refused
            }
            _ => error.into(),
        })
    }

    fn answer(&mut self, given_up: GivenUp<'_>) -> Result<Answer, Broken> {
        let kind = self.receive(given_up)?;
        self.read_answer(kind)
    }

    /// The kind of the next message that says more than that the replica is still at it.
    fn receive(&mut self, given_up: GivenUp<'_>) -> io::Result<u8> {
        let began = Instant::now();
        loop {
            match self.wire.ear.receive(&self.patience(given_up))? {
                (AT_IT, _) if began.elapsed() >= self.silence => {
                    self.slow.is_at_it(began.elapsed());
                }
                (AT_IT, _) => {}
                (kind, _) => return Ok(kind),
            }
        }
    }

    fn read_answer(&self, kind: u8) -> Result<Answer, Broken> {
        let misfit = |reason: String| Broken::passing(printable(&reason).into_owned());
        if kind != ANSWER {
            return Err(misfit(format!("it has said something of kind {kind}")));
        }
        match durable::from_bytes(self.wire.ear.payload()).map_err(misfit)? {
            Answer::Refused { reason, sentence } => {
                Err(Broken::refused(reason, printable(&sentence).into_owned()))
            }
            answer => Ok(answer),
        }
    }

    fn patience<'p>(&self, given_up: GivenUp<'p>) -> Patience<'p> {
        Patience { silence: self.silence, until: None, given_up }
    }
}

impl Drop for Session {
    /// Lets the replica let the directory go, so that who comes next can have it.
    fn drop(&mut self) {
        if self.wire.mouth.close().is_ok() {
            let until = Instant::now() + LEAVE_LIMIT;
            let patience = Patience {
                silence: LEAVE_LIMIT,
                until: Some(until),
                given_up: &|| Instant::now() >= until,
            };
            while self.wire.ear.receive(&patience).is_ok() {}
        }
    }
}

fn connect(address: &str, limit: Duration) -> io::Result<TcpStream> {
    let mut failed = io::Error::new(ErrorKind::NotFound, "there is no such address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, limit) {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}
