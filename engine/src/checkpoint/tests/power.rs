//! The power fails at any moment of a life, and leaves any subset of what was not synced.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use parking_lot::Mutex;

use super::life::{Life, after_power_failure, check, is_of_the_log};
use crate::disk::Call;
use crate::seed::Random;

const STATES: usize = 100_000;

/// Disks that are looked at for each call of the file system.
const AT_EACH_CALL: usize = 12;

#[test]
fn all_that_was_acknowledged_is_there_in_order_in_a_hundred_thousand_states() {
    let states = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let states = &states;
            scope.spawn(move || {
                for seed in (thread as u64..).step_by(threads) {
                    if states.load(Relaxed) >= STATES {
                        break;
                    }
                    states.fetch_add(live(seed), Relaxed);
                }
            });
        }
    });
}

/// Lives through deaths and power failures; answers how many disks were looked at that could have
/// come out differently.
fn live(seed: u64) -> usize {
    let mut random = Random::new(seed);
    let mut life = Life::new();
    let states = Arc::new(AtomicUsize::new(0));
    for _ in 0..8 {
        look_at_each_call(&life, random.next(), &states);
        // A recovery is a part of the life that the power may end.
        if life.start().is_ok() {
            for _ in 0..random.below(40) {
                life.step(&mut random);
            }
        }
        life.disk.interfere(|_, _| Ok(()));
        match random.below(3) {
            0 => life.die(),
            _ => life.power_fails(&mut random),
        }
    }
    life.start().unwrap_or_else(|e| panic!("seed {seed}: {e}"));
    states.load(Relaxed)
}

/// Before each call, disks that a power failure may leave are held against what was done. One sync
/// of the log in fifty fails.
fn look_at_each_call(life: &Life, seed: u64, states: &Arc<AtomicUsize>) {
    let (disk, done, states) = (life.disk.clone(), life.done.clone(), states.clone());
    let random = Mutex::new(Random::new(seed));
    life.disk.interfere(move |call, path| {
        let mut random = random.lock();
        for _ in 0..AT_EACH_CALL {
            let (after, at_stake) = after_power_failure(&disk, &mut random);
            check(&after, &done.lock());
            states.fetch_add(usize::from(at_stake > 0), Relaxed);
        }
        let fails = call == Call::Sync && is_of_the_log(path) && random.one_in(50);
        if fails { Err(io::Error::other("it was lost")) } else { Ok(()) }
    });
}
