//! Whom a sender dials, and when again.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;

use crate::sending::peers::not_to_itself;

/// The first wait after a break.
const SHORTEST: Duration = Duration::from_millis(10);

/// Every further wait is twice as long, up to this.
const LONGEST: Duration = Duration::from_secs(1);

/// A target that neither accepts nor refuses is given up for now after this.
const DIAL: Duration = Duration::from_secs(5);

/// A target, its addresses in turns, and how long to wait before it is dialled again.
pub(super) struct Dialling {
    pub(super) target: String,
    /// Not empty. A name may stand for several.
    addresses: Vec<SocketAddr>,
    /// Whose turn it is.
    turn: usize,
    wait: Duration,
}

/// A connection that may come about.
pub(super) struct Attempt {
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
    /// When it is given up.
    pub(super) until: Instant,
}

/// How an attempt goes.
#[derive(Debug)]
pub(super) enum Outcome {
    Connected,
    Open,
    Failed(io::Error),
}

impl Dialling {
    pub(super) fn new(target: String, addresses: Vec<SocketAddr>) -> Self {
        Self { target, addresses, turn: 0, wait: SHORTEST }
    }

    /// Dials the address whose turn it is.
    pub(super) fn dial(&mut self, now: Instant) -> io::Result<Attempt> {
        let peer = self.addresses.get(self.turn).copied();
        let peer = peer.ok_or_else(|| io::Error::other("the name has no address"))?;
        Ok(Attempt { stream: TcpStream::connect(peer)?, peer, until: now + DIAL })
    }

    /// When to dial again after an attempt that has failed: at once, if there is another address.
    pub(super) fn failed(&mut self, now: Instant) -> Instant {
        self.turn += 1;
        if self.turn < self.addresses.len() {
            return now;
        }
        self.turn = 0;
        self.broke(now)
    }

    /// When to dial again after a connection that has ended.
    pub(super) fn broke(&mut self, now: Instant) -> Instant {
        let wait = self.wait;
        self.wait = LONGEST.min(2 * wait);
        now + wait
    }

    /// Something was acknowledged: the other side is well.
    pub(super) fn is_well(&mut self) {
        self.wait = SHORTEST;
    }
}

impl Attempt {
    /// Whether the connection has come about, when the system says that there is news.
    pub(super) fn outcome(&self) -> Outcome {
        match self.stream.take_error() {
            Ok(Some(error)) | Err(error) => Outcome::Failed(error),
            Ok(None) => match self.stream.peer_addr() {
                Ok(peer) => match not_to_itself(self.stream.local_addr(), Ok(peer)) {
                    Ok(()) => Outcome::Connected,
                    Err(error) => Outcome::Failed(error),
                },
                Err(error) if error.kind() == io::ErrorKind::NotConnected => Outcome::Open,
                Err(error) => Outcome::Failed(error),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;

    use nix::sys::socket::{
        AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, getsockname, socket,
    };

    use super::*;

    #[test]
    fn waits_get_longer_until_something_is_acknowledged() {
        let now = Instant::now();
        let address = "127.0.0.1:1".parse().unwrap();
        let mut dialling = Dialling::new("one".into(), vec![address]);
        let mut waits = |count| -> Vec<u128> {
            (0..count).map(|_| (dialling.failed(now) - now).as_millis()).collect()
        };
        assert_eq!(waits(9), [10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
        dialling.is_well();
        assert_eq!(dialling.broke(now), now + SHORTEST);
    }

    #[test]
    fn all_addresses_of_a_name_are_dialled_before_it_waits() {
        let now = Instant::now();
        let addresses = ["[::1]:1", "127.0.0.1:1", "127.0.0.2:1"].map(|a| a.parse().unwrap());
        let mut dialling = Dialling::new("three".into(), addresses.into());
        let waits: Vec<_> = (0..6).map(|_| (dialling.failed(now) - now).as_millis()).collect();
        assert_eq!(waits, [0, 0, 10, 0, 0, 20]);
    }

    /// An attempt whose connection has come about.
    fn attempt(stream: std::net::TcpStream) -> Attempt {
        stream.set_nonblocking(true).unwrap();
        let peer = stream.peer_addr().unwrap();
        Attempt { stream: TcpStream::from_std(stream), peer, until: Instant::now() + DIAL }
    }

    #[test]
    fn a_connection_to_itself_is_refused_and_one_to_a_listener_is_not() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let good = attempt(std::net::TcpStream::connect(address).unwrap());
        assert!(matches!(good.outcome(), Outcome::Connected));

        let own = socket(AddressFamily::Inet, SockType::Stream, SockFlag::empty(), None).unwrap();
        bind(own.as_raw_fd(), &SockaddrIn::new(127, 0, 0, 1, 0)).unwrap();
        let address: SockaddrIn = getsockname(own.as_raw_fd()).unwrap();
        connect(own.as_raw_fd(), &address).unwrap();
        let outcome = attempt(own.into()).outcome();
        assert!(
            matches!(&outcome, Outcome::Failed(e) if e.kind() == io::ErrorKind::ConnectionRefused),
            "{outcome:?}"
        );
    }
}
