//! Where time comes from: the machine, or a test.
//!
//! The engine asks one [`Clock`] for every decision that time takes part in. The system's clock
//! reads the wall once, when it is made, and counts from there on the monotonic clock, so that a
//! wall clock that jumps moves no batch.

use std::sync::{Arc, Weak};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

use crate::time::{Duration, Time};

/// The engine's source of time. Cheap to clone; clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    System {
        wall_at_start: std::time::Duration,
        started: Instant,
    },
    /// A clock that is moved by hand, and how far this one is ahead of it.
    Manual(ManualClock, Duration),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        let wall_at_start = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Clock(Kind::System { wall_at_start, started: Instant::now() })
    }

    /// A clock that goes on from `time` where this one shows an earlier one: what has been labelled
    /// with times up to `time` is followed by what is later, though the wall clock was set back.
    pub(crate) fn going_on_from(&self, time: Time) -> Self {
        match &self.0 {
            Kind::System { wall_at_start, started } => {
                let behind = self.until(time);
                Clock(Kind::System { wall_at_start: *wall_at_start + behind, started: *started })
            }
            Kind::Manual(clock, ahead) => {
                let behind = (time - self.now()).max(Duration::ZERO);
                Clock(Kind::Manual(clock.clone(), *ahead + behind))
            }
        }
    }

    /// The current time, rounded down to milliseconds.
    pub fn now(&self) -> Time {
        match &self.0 {
            Kind::System { .. } => Time::from_millis(self.since_epoch().as_millis() as i64),
            Kind::Manual(clock, ahead) => clock.now() + *ahead,
        }
    }

    /// Time since the epoch as finely as the clock knows it; never goes back.
    pub fn since_epoch(&self) -> std::time::Duration {
        match &self.0 {
            Kind::System { wall_at_start, started } => *wall_at_start + started.elapsed(),
            Kind::Manual(..) => {
                std::time::Duration::from_millis(self.now().as_millis().max(0) as u64)
            }
        }
    }

    /// How long from now until `time`, for a wait that a wake-up may cut short. `None` for ever: a
    /// manual clock wakes its waiters when it is moved.
    pub(crate) fn remaining(&self, time: Time) -> Option<std::time::Duration> {
        self.remaining_since_epoch(std::time::Duration::from_millis(time.as_millis().max(0) as u64))
    }

    /// [`Clock::remaining`] until a moment that need not be a whole millisecond, so long after the epoch.
    pub(crate) fn remaining_since_epoch(
        &self,
        moment: std::time::Duration,
    ) -> Option<std::time::Duration> {
        let left = moment.saturating_sub(self.since_epoch());
        match &self.0 {
            Kind::System { .. } => Some(left),
            Kind::Manual(..) => left.is_zero().then_some(left),
        }
    }

    fn until(&self, time: Time) -> std::time::Duration {
        let due = std::time::Duration::from_millis(time.as_millis().max(0) as u64);
        due.saturating_sub(self.since_epoch())
    }

    /// Has `wake` called whenever the clock is moved by hand, for as long as `wake` is alive.
    pub(crate) fn on_move(&self, wake: &Arc<dyn Fn() + Send + Sync>) {
        if let Kind::Manual(clock, _) = &self.0 {
            clock.0.lock().wakes.push(Arc::downgrade(wake));
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Clock::system()
    }
}

impl From<ManualClock> for Clock {
    fn from(clock: ManualClock) -> Self {
        Clock(Kind::Manual(clock, Duration::ZERO))
    }
}

/// A clock that stands still until it is moved: tests under it need not sleep to be right.
///
/// ```
/// use millstream::{Clock, ManualClock, Time, secs};
/// let hand = ManualClock::at(Time::from_millis(0));
/// let clock = Clock::from(hand.clone());
/// hand.advance(secs(3));
/// assert_eq!(clock.now(), Time::from_millis(3000));
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Hand>>);

struct Hand {
    now: Time,
    wakes: Vec<Weak<dyn Fn() + Send + Sync>>,
}

impl std::fmt::Debug for Hand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hand({})", self.now)
    }
}

impl ManualClock {
    /// A clock that shows `now`.
    pub fn at(now: Time) -> Self {
        ManualClock(Arc::new(Mutex::new(Hand { now, wakes: Vec::new() })))
    }

    /// What it shows.
    pub fn now(&self) -> Time {
        self.0.lock().now
    }

    /// Moves it on by `d` and wakes whoever waits for it. It never moves back: a negative `d` is
    /// taken as zero.
    pub fn advance(&self, d: Duration) {
        let wakes: Vec<_> = {
            let mut hand = self.0.lock();
            hand.now = hand.now + d.max(Duration::ZERO);
            hand.wakes.retain(|wake| wake.strong_count() > 0);
            hand.wakes.iter().filter_map(Weak::upgrade).collect()
        };
        for wake in wakes {
            wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{mins, secs};

    #[test]
    fn a_clock_that_was_set_back_goes_on_and_one_that_was_not_stays_as_it_is() {
        for clock in [Clock::system(), ManualClock::at(Time::from_millis(5000)).into()] {
            let last = clock.now() + mins(60);
            let going_on = clock.going_on_from(last);
            assert!(going_on.now() >= last && going_on.now() < last + mins(1));
            let before = clock.now() - secs(1);
            assert!(clock.going_on_from(before).now() < last);
        }
    }

    #[test]
    fn a_clock_that_goes_on_is_moved_by_the_same_hand() {
        let hand = ManualClock::at(Time::from_millis(5000));
        let clock = Clock::from(hand.clone()).going_on_from(Time::from_millis(8000));
        let next = Time::from_millis(9000);
        assert_eq!(clock.remaining(next), None);
        hand.advance(secs(1));
        assert_eq!((clock.now(), clock.remaining(next)), (next, Some(std::time::Duration::ZERO)));
        assert_eq!(clock.since_epoch(), secs(9).to_std());
    }
}
