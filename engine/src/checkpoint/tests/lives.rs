//! Random lives, in which anything may go wrong at any time, against a plain list.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use parking_lot::Mutex;

use super::life::Life;
use crate::disk::Call;
use crate::error::Error;
use crate::seed::Random;

#[test]
fn random_lives_find_what_a_plain_list_says() {
    for seed in 0..2000 {
        live(seed);
    }
}

fn live(seed: u64) {
    let mut random = Random::new(seed);
    let mut life = Life::new();
    // What fails, and how often.
    let rarely = random.pick(&[10, 30, 100, 1000]);
    let full = Arc::new(AtomicBool::new(false));
    for _ in 0..random.below(400) {
        if random.one_in(20) {
            match random.below(2) {
                0 => life.die(),
                _ => life.power_fails(&mut random),
            }
        }
        if random.one_in(15) {
            full.store(random.one_in(2), Relaxed);
        }
        disturb(&life, random.next(), rarely, &full);
        match life.runs() {
            true => life.step(&mut random),
            false => match life.start() {
                Err(e) if !is_of_the_disk(&e) => {
                    panic!("seed {seed}: the disk does not work, and the answer is: {e}");
                }
                _ => {}
            },
        }
    }
    life.disk.interfere(|_, _| Ok(()));
    life.disk.shorten_writes(|_, bytes| bytes);
    if life.sync().is_ok() {
        life.power_fails(&mut random);
    }
    life.start().unwrap_or_else(|e| panic!("seed {seed}: {e}"));
}

fn is_of_the_disk(error: &Error) -> bool {
    matches!(error, Error::Io { .. } | Error::NoRoom { .. } | Error::LogOver { .. })
}

/// One call in so many fails; one write in so many is short; and where the disk is full, all that
/// need room fail.
fn disturb(life: &Life, seed: u64, rarely: usize, full: &Arc<AtomicBool>) {
    let random = Arc::new(Mutex::new(Random::new(seed)));
    let (full, again) = (full.clone(), random.clone());
    life.disk.interfere(move |call, _| match call {
        Call::Write | Call::CreateNew if full.load(Relaxed) => Err(ErrorKind::StorageFull.into()),
        _ if random.lock().one_in(rarely) => Err(io::Error::from_raw_os_error(5)),
        _ => Ok(()),
    });
    life.disk.shorten_writes(move |_, bytes| {
        let mut random = again.lock();
        if bytes > 1 && random.one_in(rarely) { 1 + random.below(bytes - 1) } else { bytes }
    });
}
