//! The n-th call of the file system fails, for every n, once and for ever: the job finishes, or stops with
//! a sentence that names the file, and can be gone on with; what has counted as received is there.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use millstream::disk::{Call, MemoryDisk, Names};
use millstream::{ManualClock, Stop, Time, millis, secs};
use nix::errno::Errno;

use crate::going_on::goes_on;
use crate::job::{Fed, HELD_BACK, Life, Waited, conf};
use crate::patience::each_of;

const START: Time = Time::from_millis(1_000_000);

const BATCHES: u64 = 4;

/// How calls fail.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Device,
    Full,
    /// A write takes only a part of what it is given, and the next one finds the disk full.
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

    fn error(self) -> io::Error {
        match self {
            Fault::Full | Fault::Short => ErrorKind::StorageFull.into(),
            Fault::Descriptors => Errno::EMFILE.into(),
            Fault::Device | Fault::Sync => io::Error::from_raw_os_error(5),
        }
    }

    /// Has calls `first..=last` of the kind fail; gives where they are counted.
    fn strike(self, disk: &MemoryDisk, first: usize, last: usize) -> Arc<AtomicUsize> {
        let calls = Arc::new(AtomicUsize::new(0));
        let count = calls.clone();
        disk.interfere(move |call, _| {
            if !self.is_of(call) {
                return Ok(());
            }
            let nth = count.fetch_add(1, Relaxed) + 1;
            // A short write is one that takes something; it is the next that fails.
            let nth = if matches!(self, Fault::Short) { nth.saturating_sub(1) } else { nth };
            if (first..=last).contains(&nth) { Err(self.error()) } else { Ok(()) }
        });
        let count = calls.clone();
        disk.shorten_writes(move |_, bytes| {
            let is_short = matches!(self, Fault::Short) && count.load(Relaxed) == first;
            if is_short { bytes / 2 } else { bytes }
        });
        calls
    }
}

/// What a life under a fault has come to.
#[derive(Default)]
struct Lived {
    fed: Fed,
    /// Lines that have counted as received, and what the other source has given to batches that are done.
    kept: Fed,
}

/// A life of a few batches, as long as it goes.
fn live(disk: &MemoryDisk, for_ever: bool, how: Stop) -> Lived {
    let clock = ManualClock::at(START);
    // Where the disk never works again, a stop has to take all its time.
    let conf = conf(disk, &clock).graceful_stop_timeout(millis(50));
    let mut life = match Life::with(conf, clock, 0) {
        Ok(life) => life,
        Err(error) => {
            names_the_file(&error.to_string());
            return Lived::default();
        }
    };
    life.leaves_when_held = for_ever;
    let mut done = 0;
    let mut how = how;
    while done < BATCHES {
        match life.batch(2, 1) {
            Waited::Done => done += 1,
            Waited::Held => break,
            Waited::Failed(sentence) => {
                names_the_file(&sentence);
                // It has stopped, or is about to.
                how = Stop::Graceful;
                break;
            }
        }
    }
    let before = life.received();
    life.stop(how);
    let received = life.received();
    assert!(received >= before);
    assert!(life.ear.warnings(HELD_BACK).len() <= 1, "{:?}", life.ear.warnings(HELD_BACK));
    Lived { fed: life.fed(), kept: Fed { socket: received, queue: done } }
}

fn names_the_file(sentence: &str) {
    let names = ["job", "out", "syncing / failed"];
    assert!(names.iter().any(|name| sentence.contains(name)), "{sentence}");
}

/// Calls `first..=last` of a kind fail.
#[derive(Clone, Debug)]
struct Case {
    fault: Fault,
    first: usize,
    last: usize,
}

/// A life with a fault, and what comes after it: the process is started again, or the power has failed,
/// too. Answers how many calls there were.
fn lives_and_goes_on(&Case { fault, first, last }: &Case) -> usize {
    let disk = MemoryDisk::default();
    let calls = fault.strike(&disk, first, last);
    let how = if first % 2 == 0 { Stop::Graceful } else { Stop::Now };
    let lived = live(&disk, last == usize::MAX, how);
    let calls = calls.load(Relaxed);
    disk.interfere(|_, _| Ok(()));
    disk.shorten_writes(|_, bytes| bytes);
    let later = START + secs(BATCHES);
    for disk in [disk.after_power_failure(Names::Lost), disk] {
        goes_on(&disk, later, &[lived.fed], &[lived.kept]);
    }
    calls
}

fn every_call_fails(fault: Fault) {
    let calls = lives_and_goes_on(&Case { fault, first: usize::MAX, last: 0 });
    let case = |first| [first, usize::MAX].map(|last| Case { fault, first, last });
    each_of((1..=calls).flat_map(case).collect(), |case| {
        lives_and_goes_on(case);
    });
    println!("{fault:?}: each of {calls} calls has failed, once and for ever");
}

#[test]
fn a_device_that_fails() {
    every_call_fails(Fault::Device);
}

#[test]
fn a_full_disk() {
    every_call_fails(Fault::Full);
}

#[test]
fn a_lack_of_descriptors() {
    every_call_fails(Fault::Descriptors);
}

#[test]
fn a_short_write() {
    every_call_fails(Fault::Short);
}

#[test]
fn a_sync_that_fails() {
    every_call_fails(Fault::Sync);
}
