//! A receiver that fails at random, in every place where it can: it is started again, each time after the
//! right pause; what it has stored comes once and in order, until it stops itself; and a receiver beside it
//! does not notice.

use std::sync::mpsc::{Receiver as Inbox, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use millstream::progress::{Listener, Notice};
use millstream::testing::Collector;
use millstream::{
    BoxError, Duration, ManualClock, Receiver, Stop, Store, StreamingContext, Time, millis, secs,
};

use crate::rig::{BATCH, PATIENCE, conf};
use crate::seed::Random;

const SEEDS: u64 = 40;

/// How often it runs before it stops itself.
const RUNS: u64 = 25;

/// What the receivers of a test share.
#[derive(Clone)]
struct Moods {
    random: Arc<Mutex<Random>>,
    /// The number of the next record.
    next: Arc<Mutex<u64>>,
    starts: Arc<Mutex<Sender<Store<u64>>>>,
}

impl Moods {
    fn one_in(&self, n: usize) -> bool {
        self.random.lock().expect("nobody panics with this lock").one_in(n)
    }

    fn store(&self, store: &Store<u64>, records: u64) {
        let mut next = self.next.lock().expect("nobody panics with this lock");
        assert_eq!(store.store_all(*next..*next + records), Ok(()), "it runs");
        *next += records;
    }
}

struct Moody(Moods);

impl Receiver for Moody {
    type Item = u64;

    fn on_start(&mut self, store: Store<u64>) -> Result<(), BoxError> {
        if self.0.one_in(4) {
            self.0.store(&store, 1);
        }
        if self.0.one_in(3) {
            return Err("no route".into());
        }
        assert!(!self.0.one_in(3), "a panic of its start");
        let starts = self.0.starts.lock().expect("nobody panics with this lock");
        starts.send(store).expect("the test listens");
        Ok(())
    }

    fn on_stop(&mut self) {
        assert!(!self.0.one_in(4), "a panic of its stop");
    }
}

impl Drop for Moody {
    fn drop(&mut self) {
        assert!(thread::panicking() || !self.0.one_in(4), "a panic of its Drop");
    }
}

/// Hands on how the moody receiver fares, and how often another starts.
struct Ear {
    tell: Sender<Notice>,
    others: Arc<Mutex<Vec<Notice>>>,
}

impl Listener for Ear {
    fn notice(&self, notice: &Notice) {
        match notice {
            Notice::ReceiverStarted { source }
            | Notice::ReceiverFailed { source, .. }
            | Notice::ReceiverStopped { source, .. } => match source.contains("Moody") {
                // A test that has ended hears nothing any more.
                true => drop(self.tell.send(notice.clone())),
                false => self.others.lock().expect("nobody panics with it").push(notice.clone()),
            },
            _ => {}
        }
    }
}

/// A receiver whose records the test stores.
struct Steady(Sender<Store<u64>>);

impl Receiver for Steady {
    type Item = u64;

    fn on_start(&mut self, store: Store<u64>) -> Result<(), BoxError> {
        Ok(self.0.send(store)?)
    }

    fn on_stop(&mut self) {}
}

/// The pauses that must follow failures.
#[derive(Default)]
struct Pauses {
    failures: u32,
    /// How many records there were when it failed last.
    records: u64,
}

impl Pauses {
    /// The pause after a failure, by when there have been so many records.
    fn next(&mut self, records: u64) -> Duration {
        if records > self.records {
            (self.records, self.failures) = (records, 0);
        }
        self.failures += 1;
        millis(2000.min(100 << (self.failures - 1).min(10)))
    }
}

fn next_of(starts: &Inbox<Store<u64>>) -> Store<u64> {
    starts.recv_timeout(PATIENCE).expect("a receiver is started")
}

fn live(seed: u64) {
    let (hand, out, others) = (ManualClock::at(Time::default()), Collector::new(), Arc::default());
    let ((tell, told), (tell_starts, starts), (tell_steady, steady)) =
        (channel(), channel(), channel());
    let moods = Moods {
        random: Arc::new(Mutex::new(Random::new(seed))),
        next: Arc::default(),
        starts: Arc::new(Mutex::new(tell_starts)),
    };
    let ear = Ear { tell, others: Arc::clone(&others) };
    let ssc = StreamingContext::new(conf().clock(hand.clone()).listener(ear), BATCH).unwrap();
    let (shared, collected) = (moods.clone(), out.clone());
    let running = ssc.start(move |s| {
        let (shared, tell_steady) = (shared.clone(), tell_steady.clone());
        let moody = s.receiver_stream(move || {
            assert!(!shared.one_in(4), "a panic while it is made");
            Moody(shared.clone())
        });
        let steady = s.receiver_stream(move || Steady(tell_steady.clone()));
        collected.collect(&moody.map(|n| (true, n)).union(&steady.map(|n| (false, n))));
        Ok(())
    });
    let running = running.unwrap();
    let steady = next_of(&steady);

    let (mut runs, mut pauses) = (0, Pauses::default());
    while runs < RUNS {
        match told.recv_timeout(PATIENCE).expect("it fails, or it starts") {
            Notice::ReceiverFailed { again_after, reason, .. } => {
                let stored = *moods.next.lock().unwrap();
                assert_eq!(again_after, pauses.next(stored), "seed {seed}: {reason}");
                hand.advance(again_after);
            }
            Notice::ReceiverStarted { .. } => {
                let store = next_of(&starts);
                steady.store(runs).unwrap();
                let records = moods.random.lock().unwrap().pick(&[0, 1, 20]);
                moods.store(&store, records);
                runs += 1;
                if runs == RUNS {
                    store.stop("that is enough");
                } else if moods.one_in(2) {
                    store.restart("the connection was lost");
                } else {
                    let thread = thread::spawn(move || {
                        let _held = store;
                        panic!("a panic of its thread");
                    });
                    assert!(thread.join().is_err());
                }
            }
            other => panic!("seed {seed}: {other}"),
        }
    }
    let stopped = told.recv_timeout(PATIENCE).expect("it stops");
    assert!(matches!(stopped, Notice::ReceiverStopped { reason: Some(_), .. }), "{stopped}");
    hand.advance(BATCH * 3);
    running.wait_for_batch(hand.now().floor(BATCH), secs(30)).unwrap();
    assert!(running.stop(Stop::Graceful).unwrap().drained);
    assert!(told.try_recv().is_err() && starts.try_recv().is_err(), "it stays stopped");

    let records: Vec<(bool, u64)> = out.take().into_iter().flat_map(|(_, all)| all).collect();
    let of = |moody| records.iter().filter(move |r| r.0 == moody).map(|r| r.1).collect::<Vec<_>>();
    assert_eq!(of(true), (0..*moods.next.lock().unwrap()).collect::<Vec<_>>(), "seed {seed}");
    assert_eq!(of(false), (0..RUNS).collect::<Vec<_>>(), "seed {seed}");
    let of_steady = others.lock().unwrap();
    let is_calm = matches!(
        of_steady[..],
        [Notice::ReceiverStarted { .. }, Notice::ReceiverStopped { reason: None, .. }]
    );
    assert!(is_calm, "seed {seed}: {of_steady:?}");
}

#[test]
fn what_was_stored_comes_once_and_pauses_are_right_whatever_fails() {
    (0..SEEDS).for_each(live);
}
