//! Those who have connected, and have not shown yet that they know the token: there are but so many places for them,
//! and who comes next is not held off by who says nothing.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::occasional::Occasional;

/// How many there may be.
const MOST: usize = 64;

/// So long each one may take, however many others wait.
const LEAST: Duration = Duration::from_millis(50);

/// The places of those who are there.
#[derive(Default)]
pub(super) struct Strangers(Mutex<There>);

#[derive(Default)]
struct There {
    /// The number of the next one.
    next: u64,
    /// In the order in which they have come.
    by_number: BTreeMap<u64, Stranger>,
    closed: Untold,
}

struct Stranger {
    from: IpAddr,
    since: Instant,
    stream: TcpStream,
}

/// The place of one, until it is dropped.
pub(super) struct Place {
    of: Arc<Strangers>,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.of.0.lock().by_number.remove(&self.number);
    }
}

/// Whether there is room for one more.
#[derive(Debug, PartialEq)]
pub(super) enum Room {
    Is,
    /// There is, for another one was closed; that is to be said, where it is the time for that.
    IsAnothers(Option<String>),
    /// It is to be asked again.
    After(Duration),
}

impl Strangers {
    /// Makes room for one more: where all places are taken, of the address that has most of them the one who came first
    /// loses its place.
    pub(super) fn make_room(&self, now: Instant) -> Room {
        let there = &mut *self.0.lock();
        if there.by_number.len() < MOST {
            return Room::Is;
        }
        let mut of_address: HashMap<IpAddr, usize> = HashMap::new();
        there.by_number.values().for_each(|one| *of_address.entry(one.from).or_default() += 1);
        let most = of_address.values().max().copied().unwrap_or_default();
        let first = there.by_number.iter().find(|(_, one)| of_address[&one.from] == most);
        let Some((&number, Stranger { from, since, stream })) = first else { return Room::Is };
        let had = now.saturating_duration_since(*since);
        if had < LEAST {
            return Room::After(LEAST - had);
        }
        // Where that fails it has gone by itself.
        stream.shutdown(Shutdown::Both).ok();
        let from = *from;
        there.by_number.remove(&number);
        Room::IsAnothers(there.closed.one_more().map(|others| {
            format!(
                "{MOST} connections have not shown that they know the token, and one of {from} was closed for another \
                 one to come in ({others} others since that was said last)"
            )
        }))
    }

    /// Gives a place to one who has come from there.
    pub(super) fn enter(
        self: &Arc<Self>,
        stream: &TcpStream,
        from: IpAddr,
        since: Instant,
    ) -> io::Result<Place> {
        let stream = stream.try_clone()?;
        let there = &mut *self.0.lock();
        let number = there.next;
        there.next += 1;
        there.by_number.insert(number, Stranger { from, since, stream });
        Ok(Place { of: self.clone(), number })
    }
}

/// What is told of once a minute, with how often it was not.
#[derive(Default)]
pub(super) struct Untold {
    said: Occasional,
    untold: u64,
}

impl Untold {
    /// It has come once more; answers, where it is to be said, how many others were not told of.
    pub(super) fn one_more(&mut self) -> Option<u64> {
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
    use std::io::Read;
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn strangers_are_told_of_once_a_minute() {
        let mut strangers = Untold::default();
        assert_eq!(strangers.one_more(), Some(0));
        assert!((0..100).all(|_| strangers.one_more().is_none()));
        strangers.said = Occasional::default();
        assert_eq!(strangers.one_more(), Some(100));
    }

    #[test]
    fn the_first_one_of_those_who_are_many_goes_for_the_next_once_it_has_had_its_time() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let strangers = Arc::new(Strangers::default());
        let began = Instant::now();
        let enter = |from: [u8; 4]| {
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            client.set_nonblocking(true).unwrap();
            let place = strangers.enter(&listener.accept().unwrap().0, from.into(), began).unwrap();
            let is_closed = move || client.read(&mut [0]).is_ok();
            (place, is_closed)
        };
        let mut few: Vec<_> = (0..3).map(|_| enter([10, 0, 0, 1])).collect();
        let mut many: Vec<_> = (3..MOST).map(|_| enter([10, 0, 0, 2])).collect();
        assert_eq!(strangers.make_room(began + LEAST / 5), Room::After(LEAST * 4 / 5));
        let Room::IsAnothers(Some(said)) = strangers.make_room(began + LEAST) else {
            panic!("there is room, and it is said how")
        };
        assert!(said.contains("of 10.0.0.2 was closed") && said.contains("(0 others"), "{said}");
        assert!(many[0].1() && !many[1].1() && few.iter_mut().all(|(_, is_closed)| !is_closed()));
        assert_eq!(strangers.make_room(began + LEAST), Room::Is);
        let next = enter([10, 0, 0, 3]);
        assert_eq!(strangers.make_room(began + LEAST), Room::IsAnothers(None));
        drop(many);
        drop(next);
        assert_eq!(strangers.make_room(began), Room::Is);
        assert_eq!(strangers.0.lock().by_number.len(), few.len());
    }
}
