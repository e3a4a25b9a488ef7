//! Who is let in: the thread that accepts connections, and a thread for each.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use mio::{Events, Interest, Poll, Token as Event, Waker};
use parking_lot::Mutex;

use super::Settings;
use super::session::{End, Greeting, Unwelcome};
use crate::occasional::Occasional;
use crate::replica::message::Reason;
use crate::threads::EngineThread;

/// How many connections may not have begun, and how many may have.
const MOST_GREETINGS: usize = 64;
const MOST_SESSIONS: usize = 64;

/// How long to wait where there is no descriptor for a connection.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

const LISTENER: Event = Event(0);
const WAKER: Event = Event(1);

/// How many connections there are, and were.
#[derive(Default)]
struct Counts {
    greetings: AtomicUsize,
    sessions: AtomicUsize,
    strangers: Mutex<Strangers>,
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
pub(super) struct Door {
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
        let counts = Arc::default();
        let threads = Vec::new();
        let door = Door { listener, _watched: watched, poll, settings, counts, is_over, threads };
        Ok((door, waker))
    }

    /// Lets in who comes, until it is over.
    pub(super) fn keep(mut self) {
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
        self.threads.iter().for_each(EngineThread::wait_for_its_end);
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
    is_over: &Arc<AtomicBool>,
) {
    let mut counted = None;
    let admit = || {
        counted = Counted::in_(counts, |counts| &counts.sessions, MOST_SESSIONS);
        match counted {
            Some(_) => Ok(()),
            None => Err((Reason::InUse, format!("{MOST_SESSIONS} jobs have sessions"))),
        }
    };
    let greeted = Greeting::new(stream, settings, is_over)
        .map_err(|e| Unwelcome::Stranger(End::Broken(e)))
        .and_then(|greeted| greeted.greet(admit));
    drop(greeting);
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

/// Those who have not shown that they know the token.
#[derive(Default)]
struct Strangers {
    said: Occasional,
    untold: u64,
}

impl Strangers {
    /// One more has come; answers, where it is to be said, how many others were not told of.
    fn one_more(&mut self) -> Option<u64> {
        match self.said.is_time() {
            true => Some(std::mem::take(&mut self.untold)),
            false => {
                self.untold += 1;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_told_of_once_a_minute() {
        let mut strangers = Strangers::default();
        assert_eq!(strangers.one_more(), Some(0));
        assert!((0..100).all(|_| strangers.one_more().is_none()));
        strangers.said = Occasional::default();
        assert_eq!(strangers.one_more(), Some(100));
    }
}
