//! The peer that holds second copies, and its settings.

mod door;
mod lengths;
mod session;
mod store;
mod strangers;
mod voice;

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mio::Waker;

use self::door::Door;
use crate::disk::{AnyDisk, Disk, RealDisk};
use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::threads::EngineThread;
use crate::time;

/// How long one may take to show that it knows the token, and to begin.
const HELLO_LIMIT: Duration = Duration::from_secs(5);

/// How long a session may be silent where nothing else was set.
const IDLE: Duration = Duration::from_secs(30);

/// How long a stop waits for what a thread has in hand: a sync, say.
const STOP_LIMIT: Duration = Duration::from_secs(10);

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
    /// Until its end was waited for.
    thread: Option<EngineThread>,
}

/// The settings of a [`Replica`].
#[must_use = "settings do nothing until they are listened with"]
pub struct ReplicaSettings {
    directory: PathBuf,
    token: Secret,
    disk: Arc<dyn AnyDisk>,
    idle: time::Duration,
    most_bytes: u64,
    tell: Tell,
}

/// The same, checked.
struct Settings {
    directory: PathBuf,
    token: Secret,
    disk: Arc<dyn AnyDisk>,
    idle: Duration,
    most_bytes: u64,
    tell: Tell,
}

/// Refuses what no [`Replica`] takes for its token, with a sentence that does not have it.
///
/// ```
/// use millstream::replica::check_token;
///
/// assert!(check_token("0123456789-secret").is_ok());
/// assert!(check_token("short").is_err());
/// ```
pub fn check_token(token: &str) -> Result<()> {
    Secret::new(token.to_owned()).check("the token of a replica")
}

impl Replica {
    /// Listens on `address`, keeps what it is given in `directory`, which is made where it is missing, and lets in
    /// whoever has the `token` of 16 to 256 printable ASCII characters. On port 0 it has a port of the
    /// system's choice; who only needs it on this machine gives a loopback address. Fails where the address is not to
    /// be had, and where the token is none.
    pub fn listen(
        address: impl ToSocketAddrs,
        directory: impl AsRef<Path>,
        token: &str,
    ) -> Result<Replica> {
        Replica::settings(directory, token).listen(address)
    }

    /// The settings for a replica that differs from [`listen`](Replica::listen)'s.
    ///
    /// ```
    /// use millstream::{replica::Replica, secs};
    ///
    /// let copies = tempfile::tempdir()?;
    /// let replica = Replica::settings(copies.path(), "0123456789-secret")
    ///     .idle_timeout(secs(10))
    ///     .max_bytes(10 << 30)
    ///     .on_event(|sentence| eprintln!("{sentence}"))
    ///     .listen("127.0.0.1:0")?;
    /// assert!(replica.address().ip().is_loopback());
    /// replica.stop()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn settings(directory: impl AsRef<Path>, token: &str) -> ReplicaSettings {
        ReplicaSettings {
            directory: directory.as_ref().to_owned(),
            token: Secret::new(token.to_owned()),
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

    /// Ends all sessions, and stops listening; so does dropping it, which has nobody to tell whether it could. Fails
    /// where a session has not ended within 10 seconds, for a disk that does not answer: it is left to the process.
    pub fn stop(mut self) -> Result<()> {
        self.end().map_err(|e| Error::io("the replica could not be stopped", &e))
    }

    fn end(&mut self) -> io::Result<()> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        self.is_over.store(true, Ordering::Relaxed);
        self.waker.wake()?;
        match thread.wait(STOP_LIMIT) {
            true => Ok(()),
            false => Err(io::Error::other(format!("a session goes on after {STOP_LIMIT:?}"))),
        }
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        // What has not ended by then ends with the process.
        self.end().ok();
    }
}

impl ReplicaSettings {
    /// Where the directory is: the machine's disk if left out, or one in memory for tests.
    pub fn disk(mut self, disk: impl Disk) -> Self {
        self.disk = Arc::new(disk);
        self
    }

    /// How long a job may be silent before it counts as gone, and its directory is let go. 30 seconds if left
    /// out. What a job says of itself bounds it: it is never less than its
    /// [`Conf::replica_timeout`](crate::Conf::replica_timeout), of which each third brings a sign of life, nor more
    /// than twice that, so that the directory is let go before the job's next start has waited in vain.
    pub fn idle_timeout(mut self, limit: time::Duration) -> Self {
        self.idle = limit;
        self
    }

    /// The most bytes that a job's directory may have. At the limit its job is held back, as at a full disk. A file
    /// that another one is written to replace is not counted; on the disk there has to be room for both, which takes
    /// 64 MiB and a frame, or a checkpoint, more.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.most_bytes = bytes;
        self
    }

    /// Is called with a sentence for each session that begins, ends or is refused, and, once a minute, for who has not
    /// shown that it knows the token, with how many there were, and for who was closed so that others could come in.
    pub fn on_event(mut self, tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.tell = Arc::new(tell);
        self
    }

    /// Begins to listen, as [`Replica::listen`] does, and fails where that does.
    pub fn listen(self, address: impl ToSocketAddrs) -> Result<Replica> {
        if self.idle <= time::Duration::ZERO {
            return Err(Error::NotPositive { what: "idle timeout", got: self.idle });
        }
        self.token.check("the token of a replica")?;
        let settings = Settings {
            token: self.token,
            directory: self.directory,
            disk: self.disk,
            idle: self.idle.to_std(),
            most_bytes: self.most_bytes,
            tell: self.tell,
        };
        let failed = |e: io::Error| Error::io("the replica cannot listen there", &e);
        let listener = TcpListener::bind(address).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let is_over = Arc::new(AtomicBool::new(false));
        let door = Door::open(listener, Arc::new(settings), is_over.clone());
        let (door, waker) = door.map_err(failed)?;
        let thread = EngineThread::spawn("replica".into(), move || door.keep()).map_err(failed)?;
        Ok(Replica { address, is_over, waker, thread: Some(thread) })
    }
}
