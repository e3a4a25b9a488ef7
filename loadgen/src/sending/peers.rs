//! Where connections come from: clients that are waited for, or targets that are dialled.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::time::Duration;

use nix::sys::socket::{self, Backlog};

use crate::error::{Error, Result};
use crate::stop::Stop;

/// A target that neither accepts nor refuses is given up after this.
const DIAL: Duration = Duration::from_secs(5);

/// Listens on an address such as `127.0.0.1:7777`, or on a free port with port 0.
pub fn listen(address: &str) -> Result<TcpListener> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => Error::PortInUse { address: address.to_owned() },
        _ => Error::Listen { address: address.to_owned(), error: source },
    };
    let mut refusal = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for resolved in address.to_socket_addrs().map_err(failed)? {
        match TcpListener::bind(resolved) {
            Ok(listener) => {
                // A queue of 128, as it is by default, overflows when thousands dial at once: then
                // each waits for a second or more. It may be as long as the system allows.
                socket::listen(&listener, Backlog::MAXCONN).map_err(|e| failed(e.into()))?;
                return Ok(listener);
            }
            Err(error) => refusal = error,
        }
    }
    Err(failed(refusal))
}

/// Those that are dialled, in turns.
pub(crate) struct Targets {
    /// As they were asked for, each with its addresses; at first not empty.
    targets: Vec<(String, Vec<SocketAddr>)>,
    /// Whose turn it is.
    next: usize,
}

impl Targets {
    /// Looks up their addresses.
    pub(crate) fn resolve(targets: &[String]) -> Result<Self> {
        let resolved = targets.iter().map(|target| Ok((target.clone(), resolve(target)?)));
        Ok(Self { targets: resolved.collect::<Result<_>>()?, next: 0 })
    }

    /// Opens this many connections. When stopped, it returns what it has.
    pub(crate) fn dial(
        &mut self,
        connections: usize,
        stop: &Stop,
    ) -> Result<Vec<(TcpStream, SocketAddr)>> {
        let mut streams = Vec::with_capacity(connections);
        while streams.len() < connections && !stop.is_stopped() {
            streams.push(self.dial_next()?);
        }
        Ok(streams)
    }

    /// Opens a connection in the place of another, if there is a target left. One that is not there
    /// any more gets none from now on, and `on_gone` is told.
    pub(crate) fn dial_again(
        &mut self,
        mut on_gone: impl FnMut(Error),
    ) -> Option<(TcpStream, SocketAddr)> {
        while !self.targets.is_empty() {
            match self.dial_next() {
                Ok(dialled) => return Some(dialled),
                Err(error) => on_gone(error),
            }
            self.targets.remove(self.next);
            self.next %= self.targets.len().max(1);
        }
        None
    }

    /// Dials the target whose turn it is. If it is not there, it stays its turn.
    fn dial_next(&mut self) -> Result<(TcpStream, SocketAddr)> {
        let (target, addresses) = &self.targets[self.next];
        let dialled = dial_one(addresses).map_err(|error| failed(target, error))?;
        self.next = (self.next + 1) % self.targets.len();
        Ok(dialled)
    }
}

/// The addresses of a target.
pub(crate) fn resolve(target: &str) -> Result<Vec<SocketAddr>> {
    let addresses = target.to_socket_addrs().map_err(|error| failed(target, error))?;
    Ok(addresses.collect())
}

fn failed(target: &str, source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::ConnectionRefused => Error::Refused { target: target.to_owned() },
        _ => Error::Connect { target: target.to_owned(), error: source },
    }
}

/// A name may stand for several addresses; the first that answers is taken.
fn dial_one(addresses: &[SocketAddr]) -> io::Result<(TcpStream, SocketAddr)> {
    let mut refusal = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        let dialled = TcpStream::connect_timeout(address, DIAL).and_then(|stream| {
            not_to_itself(stream.local_addr(), stream.peer_addr())?;
            Ok(stream)
        });
        match dialled {
            Ok(stream) => return Ok((stream, *address)),
            Err(error) => refusal = error,
        }
    }
    Err(refusal)
}

/// Refuses a connection to itself: a port of this machine that nobody listens on may, by chance, be the one
/// dialled from. That an address is not known any more is for whoever reads or writes next to find.
pub(crate) fn not_to_itself(
    own: io::Result<SocketAddr>,
    peer: io::Result<SocketAddr>,
) -> io::Result<()> {
    match (own, peer) {
        (Ok(own), Ok(peer)) if own == peer => Err(io::ErrorKind::ConnectionRefused.into()),
        _ => Ok(()),
    }
}
