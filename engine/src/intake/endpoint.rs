//! Where a socket receiver gets its connections from: a server that it dials, or a socket that listens, on which
//! who may come in is said.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use mio::net::TcpListener;
use nix::sys::socket::Backlog;

use super::descriptors::Places;
use super::entrance::{Entrance, Gate};
use super::idle::IdleWatch;
use super::transport::Wrapping;
use crate::conf::Exposure;
use crate::error::{Error, Result};

/// Where a socket receiver gets its connections from.
pub(crate) enum Endpoint {
    /// It dials `HOST:PORT`, again and again.
    Dial(String, Wrapping),
    /// It accepts them.
    Listen(Box<Listening>),
}

/// A socket that listens, and who may come in how.
pub(crate) struct Listening {
    pub(super) listener: TcpListener,
    pub(super) places: Places,
    pub(super) gate: Gate,
    wrapping: Wrapping,
    exposure: Exposure,
}

impl Endpoint {
    /// Dials `HOST:PORT`.
    pub(crate) fn dial(target: &str, exposure: &Exposure) -> Result<Self> {
        Ok(Endpoint::Dial(target.into(), Wrapping::for_dialling(target, exposure)?))
    }

    /// Listens on `HOST:PORT`; on loopback where only a `PORT`, or `:PORT`, is given. There are so many places for
    /// connections.
    pub(crate) fn listen(
        address: &str,
        places: Places,
        exposure: &Exposure,
    ) -> Result<(Self, SocketAddr)> {
        let address = whole_address(address);
        let failed = |e: io::Error| {
            let what = "give HOST:PORT, or :PORT for this machine alone";
            Error::io(format!("cannot listen on {address:?} ({what})"), &e)
        };
        let listener = std::net::TcpListener::bind(&address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        // The standard library asks for a queue of 128; thousands of clients that come at once
        // would be turned away, to try again a second later.
        nix::sys::socket::listen(&listener, Backlog::MAXCONN).map_err(|e| failed(e.into()))?;
        let bound = listener.local_addr().map_err(failed)?;
        let (listener, gate) = (TcpListener::from_std(listener), Gate::new(exposure)?);
        let exposure = exposure.clone();
        let wrapping = Wrapping::for_listening(&exposure);
        let listening = Listening { listener, places, gate, wrapping, exposure };
        Ok((Endpoint::Listen(Box::new(listening)), bound))
    }

    /// What its connections come in by.
    pub(super) fn entrance(&self) -> Entrance {
        match self {
            Endpoint::Dial(_, wrapping) => Entrance::new(wrapping.clone(), None, usize::MAX),
            Endpoint::Listen(listening) => {
                let (wrapping, token) = (&listening.wrapping, &listening.exposure.token);
                let places = match listening.places.newcomers {
                    // Nobody has anything to show.
                    0 => usize::MAX,
                    newcomers => usize::try_from(newcomers).unwrap_or(usize::MAX),
                };
                Entrance::new(wrapping.clone(), token.clone(), places)
            }
        }
    }

    /// What closes idle connections, if anything does. A server that is dialled may be silent.
    pub(super) fn idle_watch(&self) -> Option<IdleWatch> {
        let Endpoint::Listen(listening) = self else { return None };
        let timeout_ms = listening.exposure.idle_timeout?.as_millis();
        Some(IdleWatch::new(Duration::from_millis(timeout_ms.unsigned_abs())))
    }
}

/// The address with loopback in it where only a `PORT`, or `:PORT`, is given.
pub(crate) fn whole_address(address: &str) -> String {
    let port_alone = address.strip_prefix(':').unwrap_or(address);
    match port_alone.parse::<u16>() {
        Ok(port) => format!("127.0.0.1:{port}"),
        Err(_) => address.to_string(),
    }
}
