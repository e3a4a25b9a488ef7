//! The thread that is not a lane: it brings in connections, watches the time and tells.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token, Waker};
use nix::sys::socket::{setsockopt, sockopt};

use super::conducted::{Conducted, wall_step_sentence};
use super::connection::Connection;
use super::dealer::Dealer;
use super::feed::Feed;
use super::mischief::Mischief;
use super::outgoing::Outgoing;
use super::patience::Patience;
use super::peers::Targets;
use super::standing::Stands;
use super::ticker::Ticker;
use super::transport::Wrapping;
use crate::error::{Error, Result};
use crate::lines::Source;
use crate::load::Load;
use crate::progress::Event;
use crate::schedule::ENDLESS;
use crate::stop::Stop;
use crate::wall_watch::WallWatch;

/// How long a pulled switch or the end of the run may go unnoticed.
const LOOK: Duration = Duration::from_millis(20);

/// More hang-ups than these at once are told as a number.
const LOSSES_TOLD: usize = 3;

/// Where a run's connections come from.
pub(crate) enum Peers {
    /// Opened already, each with its address, and where to dial those that replace them.
    Dialled { streams: Vec<(TcpStream, SocketAddr)>, targets: Targets },
    /// Still to come, during the whole run.
    Listening { listener: mio::net::TcpListener, poll: Poll },
}

impl Peers {
    pub(crate) fn listening(listener: TcpListener) -> Result<Self> {
        let failed = || Error::system("watch the listening socket");
        listener.set_nonblocking(true).map_err(failed())?;
        let mut listener = mio::net::TcpListener::from_std(listener);
        let poll = Poll::new().map_err(failed())?;
        poll.registry().register(&mut listener, Token(0), Interest::READABLE).map_err(failed())?;
        Ok(Self::Listening { listener, poll })
    }
}

pub(crate) struct Conductor<'a> {
    pub(crate) peers: Peers,
    pub(crate) wrapping: Wrapping,
    pub(crate) source: &'a Source,
    pub(crate) load: &'a Load,
    pub(crate) dealer: &'a Dealer,
    /// One for each lane.
    pub(crate) wakers: &'a [Waker],
    pub(crate) stop: &'a Stop,
}

impl Conductor<'_> {
    /// Returns when the run has ended; the lanes may have lines to finish still.
    pub(crate) fn run(
        mut self,
        ticker: &mut Ticker<'_>,
        on_event: &mut impl FnMut(Event<'_>),
    ) -> Result<Conducted> {
        let mut next_id = 0;
        let mut refused_accept = None;
        let mut patience = Patience::new(self.load, Instant::now());
        let mut wall = WallWatch::new();
        let mut conducted = Conducted::default();
        loop {
            let arrivals = self.arrivals(&mut refused_accept)?;
            self.seat(arrivals, &mut next_id)?;
            note_losses(self.dealer, on_event);
            if let Some(error) = refused_accept.take_if(|_| ticker.is_due()) {
                on_event(Event::Note(&format!("cannot take another client for now: {error}")));
            }
            if let Some(step_ms) = wall.step_ms() {
                on_event(Event::Note(&wall_step_sentence(step_ms)));
                conducted.wall_step_ms = Some(conducted.wall_step_ms.unwrap_or(0) + step_ms);
            }
            ticker.tick(on_event);

            let now = Instant::now();
            let standing = self.dealer.standing(now);
            if let Some(sentence) = patience.warns(&standing, now) {
                on_event(Event::Note(&sentence));
            }
            conducted.given_up = patience.is_over(&standing, now);
            let is_deserted = matches!(self.peers, Peers::Dialled { .. })
                && standing.connections == 0
                && standing.spent == 0;
            if self.stop.is_stopped()
                || is_deserted
                || standing.is_ended
                || conducted.given_up.is_some()
            {
                self.dealer.end_at(now);
                self.wake(0..self.wakers.len())?;
                return Ok(conducted);
            }
            self.wait()?;
        }
    }

    /// Connections that have come about since the last time.
    fn arrivals(
        &mut self,
        refused_accept: &mut Option<io::Error>,
    ) -> Result<Vec<(mio::net::TcpStream, SocketAddr)>> {
        let mut arrivals = Vec::new();
        // Spent connections of clients are theirs to replace.
        let spent = self.dealer.take_spent(Instant::now());
        match &mut self.peers {
            Peers::Dialled { streams, targets } => {
                for _ in 0..spent {
                    let on_gone = |error: Error| self.dealer.note_gone(error.to_string());
                    streams.extend(targets.dial_again(on_gone));
                }
                for (stream, target) in streams.drain(..) {
                    stream.set_nonblocking(true).map_err(Error::system("set up a connection"))?;
                    arrivals.push((mio::net::TcpStream::from_std(stream), target));
                }
            }
            Peers::Listening { listener, .. } => loop {
                match listener.accept() {
                    Ok(arrival) => arrivals.push(arrival),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    // The client may have gone again, or the process be out of descriptors; either
                    // way the others go on, and the next look tries again.
                    Err(error) => {
                        *refused_accept = Some(error);
                        break;
                    }
                }
            },
        }
        Ok(arrivals)
    }

    fn seat(
        &self,
        arrivals: Vec<(mio::net::TcpStream, SocketAddr)>,
        next_id: &mut u64,
    ) -> Result<()> {
        // One moment for all, so that the time of the run counts from the first line's schedule.
        let now = Instant::now();
        let lanes = self.wakers.len();
        let first_id = *next_id;
        for (stream, peer) in arrivals {
            // Lines should leave when they are due; a peer that has just gone makes this fail, and
            // the first write will say so.
            stream.set_nodelay(true).ok();
            if let Some(bytes) = self.load.send_buffer_bytes {
                // More than the system can be told is as much as it gives.
                let bytes = bytes.min(i32::MAX as usize);
                setsockopt(&stream, sockopt::SndBuf, &bytes)
                    .map_err(|error| Error::system("set the send buffer's size")(error.into()))?;
            }
            let mut transport =
                self.wrapping.wrap(stream).map_err(Error::system("set up a connection"))?;
            if let Some(token) = &self.load.token {
                // A new socket has room for it; to a peer that has just gone, the first write will say so.
                transport.write_all(token.line().as_bytes()).ok();
            }
            let id = *next_id;
            *next_id += 1;
            if let (0, Some(run_for)) = (id, self.load.run_for) {
                self.dealer.end_at(now + run_for);
            }
            let number = self.load.first_source.wrapping_add(id);
            let faults = &self.load.faults;
            let most_lines = faults.lines_per_connection.unwrap_or(ENDLESS);
            let feed = Feed::new(self.source, self.load.label, number, most_lines);
            let mischief = Mischief::new(faults, self.load.data.seed, number, now);
            let connection = Connection::new(transport, peer, Outgoing::new(feed, mischief));
            self.dealer.join(id, id as usize % lanes, connection, now);
        }
        // All of them: the schedule may have started, for every connection that was there before.
        let has_arrived = *next_id > first_id;
        self.wake(0..if has_arrived { lanes } else { 0 })
    }

    fn wake(&self, lanes: impl Iterator<Item = usize>) -> Result<()> {
        for lane in lanes {
            self.wakers[lane].wake().map_err(Error::system("wake a sending thread"))?;
        }
        Ok(())
    }

    fn wait(&mut self) -> Result<()> {
        match &mut self.peers {
            Peers::Dialled { .. } => thread::park_timeout(LOOK),
            Peers::Listening { poll, .. } => {
                match poll.poll(&mut Events::with_capacity(1), Some(LOOK)) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    result => result.map_err(Error::system("wait for clients"))?,
                }
            }
        }
        Ok(())
    }
}

/// Tells of those who hung up since the last time.
pub(crate) fn note_losses(dealer: &Dealer, on_event: &mut impl FnMut(Event<'_>)) {
    let losses = dealer.take_losses();
    for loss in losses.iter().take(LOSSES_TOLD) {
        on_event(Event::Note(loss));
    }
    if losses.len() > LOSSES_TOLD {
        on_event(Event::Note(&format!("{} more hung up", losses.len() - LOSSES_TOLD)));
    }
}
