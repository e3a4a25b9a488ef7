//! What a replica says on a connection: its answers, and, while it is at something, that it still is.
//!
//! Signs of life are given by a thread of their own, so that what is done while nothing is slow, an append above all,
//! costs two stores for it, and not a thread.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::replica::at_it::{SIGNS_OF_LIFE, until_sign};
use crate::replica::message::AT_IT;
use crate::replica::wire::{Mouth, Patience};
use crate::threads::EngineThread;

/// So often in the time between two signs it is looked whether one is due.
const LOOKS: u32 = 4;

const LEAST_PAUSE: Duration = Duration::from_millis(1);

pub(super) struct Voice {
    speaking: Mutex<Speaking>,
    /// Something is being done that somebody may be waiting for.
    is_at_it: AtomicBool,
    is_over: Arc<AtomicBool>,
}

struct Speaking {
    mouth: Mouth,
    /// For so long the primary may take nothing.
    idle: Duration,
    /// When something was said last.
    said: Instant,
    /// A message may have been sent in part: there is no way to say more.
    is_hoarse: bool,
}

impl Voice {
    pub(super) fn new(mouth: Mouth, idle: Duration, is_over: Arc<AtomicBool>) -> Voice {
        let speaking = Speaking { mouth, idle, said: Instant::now(), is_hoarse: false };
        Voice { speaking: Mutex::new(speaking), is_at_it: AtomicBool::new(false), is_over }
    }

    pub(super) fn say(&self, kind: u8, parts: &[&[u8]]) -> io::Result<()> {
        self.speaking.lock().say(kind, parts, &self.is_over)
    }

    /// Says nothing more, and that there is nothing more.
    pub(super) fn close(&self) -> io::Result<()> {
        self.speaking.lock().mouth.close()
    }

    /// For so long the primary may take nothing.
    pub(super) fn bears(&self, idle: Duration) {
        self.speaking.lock().idle = idle;
    }

    /// Does something, while it is known that it is being done.
    pub(super) fn at_it<R>(&self, work: impl FnOnce() -> R) -> R {
        self.is_at_it.store(true, Ordering::Relaxed);
        let done = work();
        self.is_at_it.store(false, Ordering::Relaxed);
        done
    }

    /// Says that it is still at it, where it is, and has said nothing for long.
    fn sign(&self, every: Duration) -> io::Result<()> {
        let mut speaking = self.speaking.lock();
        if self.is_at_it.load(Ordering::Relaxed) && until_sign(speaking.said, every).is_none() {
            speaking.say(AT_IT, &[], &self.is_over)?;
        }
        Ok(())
    }
}

impl Speaking {
    fn say(&mut self, kind: u8, parts: &[&[u8]], is_over: &AtomicBool) -> io::Result<()> {
        if self.is_hoarse {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let given_up = || is_over.load(Ordering::Relaxed);
        let patience = Patience { silence: self.idle, until: None, given_up: &given_up };
        let sent = self.mouth.send(kind, parts, &patience);
        self.is_hoarse = sent.is_err();
        self.said = Instant::now();
        sent.map(drop)
    }
}

/// Gives signs of life until it is dropped.
pub(super) struct Signs {
    /// Nothing is ever sent: the thread ends with it.
    alive: Option<Sender<()>>,
    thread: EngineThread,
}

impl Signs {
    /// For a primary that waits for so long.
    pub(super) fn of(voice: &Arc<Voice>, limit: Duration) -> io::Result<Signs> {
        let (alive, ended) = channel::<()>();
        let voice = voice.clone();
        let every = limit / SIGNS_OF_LIFE;
        let pause = (every / LOOKS).max(LEAST_PAUSE);
        let thread = EngineThread::spawn("replica-signs".into(), move || {
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(pause) {
                // Who hears nothing more dials again.
                if voice.sign(every).is_err() {
                    return;
                }
            }
        })?;
        Ok(Signs { alive: Some(alive), thread })
    }
}

impl Drop for Signs {
    fn drop(&mut self) {
        drop(self.alive.take());
        self.thread.wait_for_its_end();
    }
}
