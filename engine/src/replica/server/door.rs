//! Who is let in: the thread that accepts connections, and a thread for each.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token as Event, Waker};
use parking_lot::Mutex;

use super::Settings;
use super::session::{End, Greeting, Unwelcome};
use super::strangers::{Place, Room, Strangers, Untold};
use crate::replica::message::Reason;
use crate::threads::EngineThread;

/// How many connections of those who know the token there may be.
const MOST_SESSIONS: usize = 64;

/// How many threads there may be: some are about to end.
const MOST_THREADS: usize = 4 * MOST_SESSIONS;

/// How long to wait where there is no descriptor for a connection.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

const LISTENER: Event = Event(0);
const WAKER: Event = Event(1);

/// How many connections there are, and were.
#[derive(Default)]
struct Counts {
    sessions: AtomicUsize,
    strangers: Mutex<Untold>,
}

/// One session, until it is dropped.
struct Counted(Arc<Counts>);

impl Counted {
    /// One more, unless there are too many.
    fn in_(counts: &Arc<Counts>) -> Option<Counted> {
        let one_more = |n: usize| (n < MOST_SESSIONS).then_some(n + 1);
        let counted = counts.sessions.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        counted.ok().map(|_| Counted(counts.clone()))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.sessions.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the thread that listens has.
pub(super) struct Door {
    listener: TcpListener,
    /// Says when there is somebody at the listener, for as long as it is there.
    _watched: mio::net::TcpListener,
    poll: Poll,
    settings: Arc<Settings>,
    counts: Arc<Counts>,
    strangers: Arc<Strangers>,
    /// One who has come, and waits for a place.
    waiting: Option<(TcpStream, SocketAddr)>,
    is_over: Arc<AtomicBool>,
    threads: Vec<EngineThread>,
}

impl Door {
    /// Opens it; what is returned wakes its thread.
    pub(super) fn open(
        listener: TcpListener,
        settings: Arc<Settings>,
        is_over: Arc<AtomicBool>,
    ) -> io::Result<(Door, Waker)> {
        listener.set_nonblocking(true)?;
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        let mut watched = mio::net::TcpListener::from_std(listener.try_clone()?);
        poll.registry().register(&mut watched, LISTENER, Interest::READABLE)?;
        let door = Door {
            listener,
            _watched: watched,
            poll,
            settings,
            counts: Arc::default(),
            strangers: Arc::default(),
            waiting: None,
            is_over,
            threads: Vec::new(),
        };
        Ok((door, waker))
    }

    /// Lets in who comes, until it is over.
    pub(super) fn keep(mut self) {
        let mut events = Events::with_capacity(4);
        while !self.is_over.load(Ordering::Relaxed) {
            let again = match self.accept_all() {
                Ok(again) => again,
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
        self.threads.iter().for_each(EngineThread::wait_for_its_end);
    }

    /// Lets in all who have come; where one of them waits for a place, it is to be called again after so long.
    fn accept_all(&mut self) -> io::Result<Option<Duration>> {
        loop {
            let (stream, from) =
                match self.waiting.take().map_or_else(|| self.listener.accept(), Ok) {
                    Ok(come) => come,
                    Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(None),
                    Err(e)
                        if matches!(
                            e.kind(),
                            ErrorKind::Interrupted | ErrorKind::ConnectionAborted
                        ) =>
                    {
                        continue;
                    }
                    Err(e) => return Err(e),
                };
            if let Some(after) = self.is_full() {
                self.waiting = Some((stream, from));
                return Ok(Some(after));
            }
            self.let_in(stream, from)?;
        }
    }

    /// Where there is no place for one more stranger, and none can be made: after how long there may be one.
    fn is_full(&mut self) -> Option<Duration> {
        self.threads.retain(|thread| !thread.wait(Duration::ZERO));
        if self.threads.len() >= MOST_THREADS {
            return Some(ACCEPT_AGAIN);
        }
        match self.strangers.make_room(Instant::now()) {
            Room::Is => None,
            Room::IsAnothers(said) => {
                said.iter().for_each(|sentence| (self.settings.tell)(sentence));
                None
            }
            Room::After(pause) => Some(pause),
        }
    }

    /// Gives a connection a thread of its own.
    fn let_in(&mut self, stream: TcpStream, from: SocketAddr) -> io::Result<()> {
        stream.set_nonblocking(false)?;
        let place = self.strangers.enter(&stream, from.ip(), Instant::now())?;
        let (settings, counts) = (self.settings.clone(), self.counts.clone());
        let is_over = self.is_over.clone();
        let work = move || serve(stream, from, &settings, place, &counts, &is_over);
        self.threads.push(EngineThread::spawn("replica-session".into(), work)?);
        Ok(())
    }
}

fn serve(
    stream: TcpStream,
    from: SocketAddr,
    settings: &Settings,
    place: Place,
    counts: &Arc<Counts>,
    is_over: &Arc<AtomicBool>,
) {
    let mut counted = None;
    let admit = || {
        // It is no stranger any more.
        drop(place);
        counted = Counted::in_(counts);
        match counted {
            Some(_) => Ok(()),
            None => Err((Reason::NoRoom, format!("{MOST_SESSIONS} jobs have sessions"))),
        }
    };
    let greeted = Greeting::new(stream, settings, is_over)
        .map_err(|e| Unwelcome::Stranger(End::Broken(e)))
        .and_then(|greeted| greeted.greet(admit));
    let (of, end) = match greeted {
        Ok(session) => {
            let name = session.name.clone();
            (settings.tell)(&format!("{from} has the directory {name}"));
            (format!(", which had the directory {name},"), session.serve())
        }
        Err(Unwelcome::Job(end)) => (String::new(), end),
        Err(Unwelcome::Stranger(end)) => {
            // Anybody can come as often as it likes.
            if let Some(others) = counts.strangers.lock().one_more() {
                let latest = ended(&from.to_string(), &end);
                (settings.tell)(&format!(
                    "{latest}, before it had shown that it knows the token ({others} others since that was said \
                     last)"
                ));
            }
            return;
        }
    };
    (settings.tell)(&ended(&format!("{from}{of}"), &end));
}

fn ended(who: &str, end: &End) -> String {
    match end {
        End::Broken(e) if e.kind() == ErrorKind::UnexpectedEof => format!("{who} has gone"),
        End::Broken(e) => format!("{who} was let go: {e}"),
        End::Refused((_, sentence)) => format!("{who} was refused: {sentence}"),
    }
}
