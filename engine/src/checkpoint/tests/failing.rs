//! The n-th call of the file system fails, for every n, once and for ever: what was acknowledged is
//! there, what was refused is not, and the job can go on.

use std::io::{Error, ErrorKind, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use nix::errno::Errno;

use super::life::{Life, after_power_failure, check};
use crate::disk::{Call, Names};
use crate::seed::Random;

const STEPS: usize = 60;

/// How calls fail.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Device,
    Full,
    /// A write takes only a part of what it is given; and the next one finds the disk full.
    Short,
    /// There are as many open files as there may be: what opens one fails.
    Descriptors,
    /// Only syncs of files fail, and only they are counted.
    Sync,
}

impl Fault {
    fn is_of(self, call: Call) -> bool {
        match self {
            Fault::Device => true,
            Fault::Full => matches!(call, Call::Write | Call::CreateNew | Call::CreateDirectory),
            Fault::Short => call == Call::Write,
            Fault::Descriptors => matches!(
                call,
                Call::Read | Call::CreateNew | Call::List | Call::SyncDirectory | Call::Lock
            ),
            Fault::Sync => call == Call::Sync,
        }
    }

    fn error(self) -> Error {
        match self {
            Fault::Full | Fault::Short => ErrorKind::StorageFull.into(),
            Fault::Descriptors => Errno::EMFILE.into(),
            Fault::Device | Fault::Sync => Error::from_raw_os_error(5),
        }
    }
}

/// Lets a job live with calls `first..=last` of a kind failing; answers how many there were.
fn live_with(fault: Fault, first: usize, last: usize) -> usize {
    let mut life = Life::new();
    let calls = Arc::new(AtomicUsize::new(0));
    let count = calls.clone();
    life.disk.interfere(move |call, _| -> Result<()> {
        if !fault.is_of(call) {
            return Ok(());
        }
        let nth = count.fetch_add(1, Relaxed) + 1;
        // A short write is one that takes something; it is the next that fails.
        let nth = if matches!(fault, Fault::Short) { nth.saturating_sub(1) } else { nth };
        if (first..=last).contains(&nth) { Err(fault.error()) } else { Ok(()) }
    });
    let count = calls.clone();
    life.disk.shorten_writes(move |_, bytes| {
        let is_short =
            matches!(fault, Fault::Short) && (first..=last).contains(&count.load(Relaxed));
        if is_short { bytes.div_ceil(2) } else { bytes }
    });
    let mut random = Random::new(7);
    for _ in 0..STEPS {
        if !life.runs() && life.start().is_err() {
            continue;
        }
        life.step(&mut random);
    }
    let made = calls.load(Relaxed);
    life.disk.interfere(|_, _| Ok(()));
    life.disk.shorten_writes(|_, bytes| bytes);
    // The process may die, or the power fail, right then; or there is room again, and it goes on.
    check(&after_power_failure(&life.disk, &mut random).0, &life.done.lock());
    let before = life.done.lock().made;
    for _ in 0..STEPS {
        if !life.runs() {
            life.start().unwrap_or_else(|e| panic!("{fault:?} of {first} to {last}: {e}"));
        }
        life.step(&mut random);
    }
    assert!(life.done.lock().made > before);
    life.die();
    life.start().unwrap_or_else(|e| panic!("{fault:?} of {first} to {last}: {e}"));
    check(&life.disk.after_power_failure(Names::Lost), &life.done.lock());
    made
}

fn live_with_every(fault: Fault) {
    for for_ever in [false, true] {
        for nth in 1.. {
            if live_with(fault, nth, if for_ever { usize::MAX } else { nth }) < nth {
                assert!(nth > 10, "it was called");
                break;
            }
        }
    }
}

#[test]
fn a_device_that_fails() {
    live_with_every(Fault::Device);
}

#[test]
fn a_full_disk() {
    live_with_every(Fault::Full);
}

#[test]
fn a_lack_of_descriptors() {
    live_with_every(Fault::Descriptors);
}

#[test]
fn a_short_write() {
    live_with_every(Fault::Short);
}

#[test]
fn a_sync_that_fails() {
    live_with_every(Fault::Sync);
}
