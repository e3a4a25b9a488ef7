//! What stands between a job and its replica: it forwards, or cuts, or holds, as it is told.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How often who waits looks whether all is over.
const LOOK: Duration = Duration::from_millis(5);

/// Forwards until it is dropped.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    target: Mutex<SocketAddr>,
    is_over: AtomicBool,
    /// Nothing goes through any more on connections of an earlier number than this.
    held_below: AtomicU64,
    /// So many bytes go through, over all connections and both directions, and then all are cut.
    left: AtomicU64,
    cuts: AtomicU64,
    connections: AtomicU64,
}

impl Proxy {
    pub(crate) fn to(target: SocketAddr) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.set_nonblocking(true).expect("it can be polled");
        let address = listener.local_addr().expect("it has one");
        let shared = Arc::new(Shared {
            target: Mutex::new(target),
            is_over: AtomicBool::new(false),
            held_below: AtomicU64::new(0),
            left: AtomicU64::new(u64::MAX),
            cuts: AtomicU64::new(0),
            connections: AtomicU64::new(0),
        });
        let of_thread = shared.clone();
        thread::spawn(move || of_thread.accept(&listener));
        Proxy { address, shared }
    }

    /// New connections go there.
    pub(crate) fn lead_to(&self, target: SocketAddr) {
        *self.shared.target.lock().expect("nothing panics with it") = target;
    }

    /// After so many more bytes all connections are cut.
    pub(crate) fn cut_after(&self, bytes: u64) {
        self.shared.left.store(bytes, Relaxed);
    }

    /// The connections that there are stay, and nothing comes through.
    pub(crate) fn hold(&self) {
        self.shared.held_below.store(self.shared.connections.load(Relaxed), Relaxed);
    }

    /// How often it was cut.
    pub(crate) fn cuts(&self) -> u64 {
        self.shared.cuts.load(Relaxed)
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> u64 {
        self.shared.connections.load(Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Relaxed);
    }
}

impl Shared {
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        while !self.is_over.load(Relaxed) {
            match listener.accept() {
                Ok((from, _)) => {
                    let target = *self.target.lock().expect("nothing panics with it");
                    // Where nobody is there, who came is let go.
                    let Ok(to) = TcpStream::connect(target) else { continue };
                    let number = self.connections.fetch_add(1, Relaxed);
                    from.set_nonblocking(false).expect("it can wait");
                    let copy = |stream: &TcpStream| stream.try_clone().expect("it can be copied");
                    let (back_from, back_to) = (copy(&to), copy(&from));
                    let (there, back) = (self.clone(), self.clone());
                    thread::spawn(move || there.forward(number, from, to));
                    thread::spawn(move || back.forward(number, back_from, back_to));
                }
                Err(_) => thread::sleep(LOOK),
            }
        }
    }

    fn forward(&self, number: u64, mut from: TcpStream, mut to: TcpStream) {
        from.set_read_timeout(Some(LOOK)).expect("it can be set");
        let mut bytes = [0; 4096];
        while !self.is_over.load(Relaxed) {
            if number < self.held_below.load(Relaxed) {
                thread::sleep(LOOK);
                continue;
            }
            let read = match from.read(&mut bytes) {
                Ok(read) => read,
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    continue;
                }
                Err(_) => break,
            };
            let take = |left: u64| Some(left.saturating_sub(read as u64));
            let left = self.left.fetch_update(Relaxed, Relaxed, take).unwrap_or_default();
            let allowed = read.min(usize::try_from(left).unwrap_or(usize::MAX));
            if number >= self.held_below.load(Relaxed) && to.write_all(&bytes[..allowed]).is_err() {
                break;
            }
            if allowed < read {
                // The next ones are whole again.
                self.left.store(u64::MAX, Relaxed);
                self.cuts.fetch_add(1, Relaxed);
                break;
            }
            if read == 0 {
                // Half of it has ended; the other half may have something to say.
                drop(to.shutdown(Shutdown::Write));
                return;
            }
        }
        for stream in [from, to] {
            drop(stream.shutdown(Shutdown::Both));
        }
    }
}
