//! The peer that holds second copies: it listens, and has a thread for each connection.

mod session;
mod store;

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use mio::{Events, Interest, Poll, Token as Event, Waker};

use self::session::{End, Greeting};
use super::message::Reason;
use crate::disk::{AnyDisk, Disk, RealDisk};
use crate::error::{Error, Result};
use crate::threads::EngineThread;
use crate::time;
use crate::token::Token;

/// How many connections may not have said who they are, and how many may have.
const MOST_GREETINGS: usize = 64;
const MOST_SESSIONS: usize = 64;

/// How long one may take to say who it is.
const HELLO_LIMIT: Duration = Duration::from_secs(5);

/// How long a session may be silent where nothing else was set.
const IDLE: Duration = Duration::from_secs(30);

/// How long a stop waits for what a thread has in hand: a sync, say.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// How long to wait where there is no descriptor for a connection.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

const LISTENER: Event = Event(0);
const WAKER: Event = Event(1);

/// What is told of, in sentences.
type Tell = Arc<dyn Fn(&str) + Send + Sync>;

/// A peer that holds second copies of jobs' checkpoint directories, until it is dropped.
///
/// Each job has a directory of its own in that of the replica, which is a checkpoint directory like any other: a
/// job can be started on it, where the first machine does not come back.
///
/// ```
/// use millstream::replica::Replica;
/// use millstream::{Conf, Queue, Stop, StreamingContext, secs, testing::Collector};
///
/// let here = tempfile::tempdir()?;
/// let there = tempfile::tempdir()?;
/// let token = "a secret that nobody else knows".replace(' ', "-");
/// let replica = Replica::listen("127.0.0.1:0", there.path(), &token)?;
///
/// let conf = Conf::new("counts").replica(replica.address().to_string(), &token);
/// let ssc = StreamingContext::get_or_create(here.path(), || StreamingContext::new(conf, secs(1)))?;
/// let (input, counts) = (Queue::new(), Collector::new());
/// let running = ssc.start(move |s| {
///     counts.collect(&s.queue_text_stream(&input).words().count());
///     Ok(())
/// })?;
/// running.stop(Stop::Graceful)?;
/// assert!(there.path().join("counts/checkpoint-0000000000").exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Replica {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
    waker: Waker,
    thread: EngineThread,
}

/// The settings of a [`Replica`].
#[must_use = "settings do nothing until they are listened with"]
pub struct ReplicaSettings {
    directory: PathBuf,
    token: String,
    disk: Arc<dyn AnyDisk>,
    idle: time::Duration,
    most_bytes: u64,
    tell: Tell,
}

/// The same, checked.
struct Settings {
    directory: PathBuf,
    token: Token,
    disk: Arc<dyn AnyDisk>,
    idle: Duration,
    most_bytes: u64,
    tell: Tell,
}

impl Replica {
    /// Listens on `address`, keeps what it is given in `directory`, which is made where it is missing, and lets in
    /// whoever has the `token` of 16 to 256 printable ASCII characters. On port 0 it has a port of the
    /// system's choice; who only needs it on this machine gives a loopback address.
    pub fn listen(
        address: impl ToSocketAddrs,
        directory: impl AsRef<Path>,
        token: &str,
    ) -> Result<Replica> {
        Replica::settings(directory, token).listen(address)
    }

    /// The settings for a replica that differs from [`listen`](Replica::listen)'s.
    pub fn settings(directory: impl AsRef<Path>, token: &str) -> ReplicaSettings {
        ReplicaSettings {
            directory: directory.as_ref().to_owned(),
            token: token.to_owned(),
            disk: Arc::new(RealDisk),
            idle: time::Duration::from_millis(IDLE.as_millis() as i64),
            most_bytes: u64::MAX,
            tell: Arc::new(|_| {}),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends all sessions, and stops listening; so does dropping it.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // Where it cannot be woken the thread still ends with the process.
        if self.waker.wake().is_ok() {
            self.thread.wait(STOP_LIMIT * 2);
        }
    }
}

impl ReplicaSettings {
    /// Where the directory is: the machine's disk if left out, or one in memory for tests.
    pub fn disk(mut self, disk: impl Disk) -> Self {
        self.disk = Arc::new(disk);
        self
    }

    /// How long a job may be silent before it counts as gone, and its directory is let go. 30 seconds if left
    /// out; a job says something at least every third of its [`Conf::replica_timeout`](crate::Conf::replica_timeout).
    pub fn idle_timeout(mut self, limit: time::Duration) -> Self {
        self.idle = limit;
        self
    }

    /// The most bytes that a job's directory may have. At the limit its job is held back, as at a full disk.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.most_bytes = bytes;
        self
    }

    /// Is called with a sentence for each session that begins, ends or is refused.
    pub fn on_event(mut self, tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.tell = Arc::new(tell);
        self
    }

    /// Begins to listen, as [`Replica::listen`] does.
    pub fn listen(self, address: impl ToSocketAddrs) -> Result<Replica> {
        if self.idle <= time::Duration::ZERO {
            return Err(Error::NotPositive { what: "idle timeout", got: self.idle });
        }
        let settings = Settings {
            token: Token::new(&self.token)?,
            directory: self.directory,
            disk: self.disk,
            idle: self.idle.to_std(),
            most_bytes: self.most_bytes,
            tell: self.tell,
        };
        let failed = |e: io::Error| Error::io("the replica cannot listen there", &e);
        let listener = TcpListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let poll = Poll::new().map_err(failed)?;
        let waker = Waker::new(poll.registry(), WAKER).map_err(failed)?;
        let mut watched = mio::net::TcpListener::from_std(listener.try_clone().map_err(failed)?);
        poll.registry().register(&mut watched, LISTENER, Interest::READABLE).map_err(failed)?;
        let is_over = Arc::new(AtomicBool::new(false));
        let door = Door {
            listener,
            _watched: watched,
            poll,
            settings: Arc::new(settings),
            counts: Arc::default(),
            is_over: is_over.clone(),
            threads: Vec::new(),
        };
        let thread = EngineThread::spawn("replica".into(), move || door.keep()).map_err(failed)?;
        Ok(Replica { address, is_over, waker, thread })
    }
}

/// How many connections there are.
#[derive(Default)]
struct Counts {
    greetings: AtomicUsize,
    sessions: AtomicUsize,
}

/// One of them, until it is dropped.
struct Counted(Arc<Counts>, fn(&Counts) -> &AtomicUsize);

impl Counted {
    /// One more, unless there are `most`.
    fn in_(counts: &Arc<Counts>, of: fn(&Counts) -> &AtomicUsize, most: usize) -> Option<Counted> {
        let one_more = |n: usize| (n < most).then_some(n + 1);
        let counted = of(counts).fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        counted.ok().map(|_| Counted(counts.clone(), of))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        (self.1)(&self.0).fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the thread that listens has.
struct Door {
    listener: TcpListener,
    /// Says when there is somebody at the listener, for as long as it is there.
    _watched: mio::net::TcpListener,
    poll: Poll,
    settings: Arc<Settings>,
    counts: Arc<Counts>,
    is_over: Arc<AtomicBool>,
    threads: Vec<EngineThread>,
}

impl Door {
    fn keep(mut self) {
        let mut events = Events::with_capacity(4);
        while !self.is_over.load(Ordering::Relaxed) {
            let again = match self.accept_all() {
                Ok(()) => None,
                Err(e) => {
                    (self.settings.tell)(&format!("a connection could not be accepted: {e}"));
                    Some(ACCEPT_AGAIN)
                }
            };
            match self.poll.poll(&mut events, again) {
                Err(e) if e.kind() != ErrorKind::Interrupted => {
                    (self.settings.tell)(&format!("the replica listens no more: {e}"));
                    break;
                }
                _ => {}
            }
        }
        self.is_over.store(true, Ordering::Relaxed);
        for thread in &self.threads {
            thread.wait(STOP_LIMIT);
        }
    }

    fn accept_all(&mut self) -> io::Result<()> {
        loop {
            match self.listener.accept() {
                Ok((stream, from)) => self.let_in(stream, from)?,
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(e)
                    if matches!(
                        e.kind(),
                        ErrorKind::Interrupted | ErrorKind::ConnectionAborted
                    ) => {}
                Err(e) => return Err(e),
            }
        }
    }

    /// Gives a connection a thread of its own, unless there are too many of which nothing is known.
    fn let_in(&mut self, stream: TcpStream, from: SocketAddr) -> io::Result<()> {
        self.threads.retain(|thread| !thread.wait(Duration::ZERO));
        let greeting = Counted::in_(&self.counts, |counts| &counts.greetings, MOST_GREETINGS);
        let Some(greeting) = greeting else { return Ok(()) };
        stream.set_nonblocking(false)?;
        let (settings, counts) = (self.settings.clone(), self.counts.clone());
        let is_over = self.is_over.clone();
        let work = move || serve(stream, from, &settings, greeting, &counts, &is_over);
        self.threads.push(EngineThread::spawn("replica-session".into(), work)?);
        Ok(())
    }
}

fn serve(
    stream: TcpStream,
    from: SocketAddr,
    settings: &Settings,
    greeting: Counted,
    counts: &Arc<Counts>,
    is_over: &AtomicBool,
) {
    let is_over = || is_over.load(Ordering::Relaxed);
    let mut counted = None;
    let admit = || {
        counted = Counted::in_(counts, |counts| &counts.sessions, MOST_SESSIONS);
        match counted {
            Some(_) => Ok(()),
            None => Err((Reason::InUse, format!("{MOST_SESSIONS} jobs have sessions"))),
        }
    };
    let greeted = Greeting::new(stream, settings, &is_over)
        .map_err(End::Broken)
        .and_then(|greeted| greeted.greet(admit));
    drop(greeting);
    let (name, end) = match greeted {
        Ok(session) => {
            let name = session.name.clone();
            (settings.tell)(&format!("{from} has the directory {name}"));
            (Some(name), session.serve())
        }
        Err(end) => (None, end),
    };
    let of = name.map_or_else(String::new, |name| format!(", which had the directory {name},"));
    (settings.tell)(&match end {
        End::Broken(e) if e.kind() == ErrorKind::UnexpectedEof => format!("{from}{of} has gone"),
        End::Broken(e) => format!("{from}{of} was let go: {e}"),
        End::Refused((_, sentence)) => format!("{from}{of} was refused: {sentence}"),
    });
}
