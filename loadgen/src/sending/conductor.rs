//! The thread that is not a lane: it brings in connections, watches the time and tells.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token, Waker};

use super::connection::{Connection, Tally};
use super::dealer::Dealer;
use super::feed::Feed;
use crate::error::{Error, Result};
use crate::lines::Text;
use crate::load::Load;
use crate::progress::{Event, Progress};
use crate::stop::Stop;

/// How long a pulled switch or the end of the run may go unnoticed.
const LOOK: Duration = Duration::from_millis(20);

/// How often the run tells where it stands.
const TICK: Duration = Duration::from_secs(1);

/// More hang-ups than these at once are told as a number.
const LOSSES_TOLD: usize = 3;

/// Where a run's connections come from.
pub(crate) enum Source {
    /// Opened already, each with its target.
    Dialled(Vec<(TcpStream, SocketAddr)>),
    /// Still to come, during the whole run.
    Listening { listener: mio::net::TcpListener, poll: Poll },
}

impl Source {
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
    pub(crate) source: Source,
    pub(crate) text: &'a Text,
    pub(crate) load: &'a Load,
    pub(crate) dealer: &'a Dealer,
    /// One for each lane.
    pub(crate) wakers: &'a [Waker],
    pub(crate) stop: &'a Stop,
}

impl Conductor<'_> {
    /// Returns when the run has ended; the lanes may have lines to finish still.
    pub(crate) fn run(mut self, on_event: &mut impl FnMut(Event<'_>)) -> Result<()> {
        let mut next_id = 0;
        let mut ticker = Ticker::new(Instant::now());
        let mut refused_accept = None;
        loop {
            let arrivals = self.arrivals(&mut refused_accept)?;
            self.seat(arrivals, &mut next_id)?;
            note_losses(self.dealer, on_event);
            if let Some(error) = refused_accept.take_if(|_| ticker.is_due()) {
                on_event(Event::Note(&format!("cannot take another client for now: {error}")));
            }
            ticker.tell(self.dealer, on_event);

            let now = Instant::now();
            let standing = self.dealer.standing(now);
            let is_deserted =
                matches!(self.source, Source::Dialled(_)) && standing.connections == 0;
            if self.stop.is_stopped() || is_deserted || standing.is_ended {
                self.dealer.end_at(now);
                return self.wake(0..self.wakers.len());
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
        match &mut self.source {
            Source::Dialled(streams) => {
                for (stream, target) in streams.drain(..) {
                    stream.set_nonblocking(true).map_err(Error::system("set up a connection"))?;
                    arrivals.push((mio::net::TcpStream::from_std(stream), target));
                }
            }
            Source::Listening { listener, .. } => loop {
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
            let id = *next_id;
            *next_id += 1;
            if let (0, Some(run_for)) = (id, self.load.run_for) {
                self.dealer.end_at(now + run_for);
            }
            let feed = Feed::new(self.text, id, self.load.numbered);
            let connection = Connection::new(stream, peer, feed);
            self.dealer.join(id, id as usize % lanes, connection, now);
        }
        let arrived = (*next_id - first_id) as usize;
        self.wake((0..arrived.min(lanes)).map(|nth| (first_id as usize + nth) % lanes))
    }

    fn wake(&self, lanes: impl Iterator<Item = usize>) -> Result<()> {
        for lane in lanes {
            self.wakers[lane].wake().map_err(Error::system("wake a sending thread"))?;
        }
        Ok(())
    }

    fn wait(&mut self) -> Result<()> {
        match &mut self.source {
            Source::Dialled(_) => std::thread::sleep(LOOK),
            Source::Listening { poll, .. } => {
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
        on_event(Event::Note(&loss.sentence));
    }
    if losses.len() > LOSSES_TOLD {
        on_event(Event::Note(&format!("{} more hung up", losses.len() - LOSSES_TOLD)));
    }
}

/// Tells once a second where the run stands.
struct Ticker {
    last: Instant,
    last_sent: Tally,
}

impl Ticker {
    fn new(now: Instant) -> Self {
        Self { last: now, last_sent: Tally::default() }
    }

    fn is_due(&self) -> bool {
        self.last.elapsed() >= TICK
    }

    fn tell(&mut self, dealer: &Dealer, on_event: &mut impl FnMut(Event<'_>)) {
        if !self.is_due() {
            return;
        }
        let now = Instant::now();
        let since_s = now.duration_since(self.last).as_secs_f64();
        let standing = dealer.standing(now);
        let rate = |now: u64, before: u64| (now - before) as f64 / since_s;
        on_event(Event::Tick(&Progress {
            seconds: standing.elapsed.as_secs_f64(),
            records: standing.sent.lines,
            bytes: standing.sent.bytes,
            lines_per_s: rate(standing.sent.lines, self.last_sent.lines),
            mb_per_s: rate(standing.sent.bytes, self.last_sent.bytes) / 1e6,
            lag_ms: standing.lag.map(|lag| lag.as_secs_f64() * 1e3),
            connections: standing.connections,
        }));
        (self.last, self.last_sent) = (now, standing.sent);
    }
}
