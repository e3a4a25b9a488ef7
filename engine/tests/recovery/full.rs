//! The disk is full for a while, and then there is room again: the job waits, and goes on, and has said so
//! once.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use millstream::disk::{Call, MemoryDisk};
use millstream::{ManualClock, Stop, Time, secs};
use nix::errno::Errno;

use crate::going_on::goes_on;
use crate::job::{HELD_BACK, Life, Waited};
use crate::oracle::Outputs;

const START: Time = Time::from_millis(1_000_000);

/// A disk that has no room while this is set.
fn disk() -> (MemoryDisk, Arc<AtomicBool>) {
    let (disk, is_full) = (MemoryDisk::default(), Arc::new(AtomicBool::new(false)));
    let full = is_full.clone();
    disk.interfere(move |call, _| match call {
        Call::Write | Call::CreateNew | Call::CreateDirectory if full.load(Relaxed) => {
            Err(ErrorKind::StorageFull.into())
        }
        _ => Ok(()),
    });
    (disk, is_full)
}

#[test]
fn when_there_is_room_again_it_goes_on_and_nothing_is_lost() {
    let (disk, is_full) = disk();
    let mut life = Life::start(&disk, ManualClock::at(START), 0).unwrap();
    life.leaves_when_held = true;
    assert_eq!(life.batch(2, 1), Waited::Done);
    for time in 0..3 {
        is_full.store(true, Relaxed);
        life.feed(2, 1);
        life.clock.advance(secs(1));
        if time == 0 {
            assert_eq!(life.wait_for_batch(life.clock.now()), Waited::Held);
            assert_eq!(life.received(), 2, "what is not logged has not been received");
        }
        life.feed(3, 1);
        life.clock.advance(secs(1));
        is_full.store(false, Relaxed);
        life.leaves_when_held = false;
        assert_eq!(life.wait_for_batch(life.clock.now()), Waited::Done);
    }
    assert_eq!(life.ear.warnings(HELD_BACK).len(), 1);
    assert_eq!(life.failed(), None);
    assert!(life.stop(Stop::Graceful).drained);
    let outputs = Outputs::on(&disk);
    outputs.is_complete();
    assert_eq!(outputs.check(&[life.fed()]), [life.fed()]);
    goes_on(&disk, life.clock.now(), &[life.fed()], &[life.fed()]);
}

#[test]
fn a_stop_ends_though_there_is_no_room_and_what_waits_is_gone_on_with() {
    for how in [Stop::Graceful, Stop::Now] {
        let (disk, is_full) = disk();
        let mut life = Life::start(&disk, ManualClock::at(START), 0).unwrap();
        life.leaves_when_held = true;
        assert_eq!(life.batch(2, 1), Waited::Done);
        life.feed(2, 0);
        // It is in the log, and so has been received; the batch that is given it cannot be written down.
        life.clock.advance(millstream::millis(200));
        life.wait_until("lines are received", |life| life.received() == 4);
        is_full.store(true, Relaxed);
        life.clock.advance(millstream::millis(800));
        assert_eq!(life.wait_for_batch(life.clock.now()), Waited::Held);
        assert!(!life.stop(how).drained);
        assert_eq!(life.failed(), None, "a stop that had no time for a batch is no failure");
        let said = |part| !life.ear.warnings(part).is_empty();
        assert!(said("make room") || said("at the next start"));
        is_full.store(false, Relaxed);
        goes_on(&disk, life.clock.now(), &[life.fed()], &[life.fed()]);
    }
}

#[test]
fn a_batch_that_a_stop_has_cut_short_is_run_again_though_a_checkpoint_was_due() {
    for how in [Stop::Graceful, Stop::Now] {
        let (disk, is_full) = (MemoryDisk::default(), Arc::new(AtomicBool::new(false)));
        let full = is_full.clone();
        // Only where the outputs are there is no room.
        disk.interfere(move |_, path| match full.load(Relaxed) && path.starts_with("out") {
            true => Err(ErrorKind::StorageFull.into()),
            false => Ok(()),
        });
        let mut life = Life::start(&disk, ManualClock::at(START), 0).unwrap();
        life.leaves_when_held = true;
        assert_eq!(life.batch(2, 1), Waited::Done);
        is_full.store(true, Relaxed);
        assert_eq!(life.batch(2, 1), Waited::Held);
        assert!(!life.stop(how).drained);
        is_full.store(false, Relaxed);
        goes_on(&disk, life.clock.now(), &[life.fed()], &[life.fed()]);
    }
}

#[test]
fn a_lack_of_descriptors_is_waited_out_like_one_of_room() {
    let (disk, lacks) = (MemoryDisk::default(), Arc::new(AtomicBool::new(false)));
    let lacking = lacks.clone();
    disk.interfere(move |call, _| match call {
        Call::Read | Call::CreateNew | Call::List | Call::SyncDirectory
            if lacking.load(Relaxed) =>
        {
            Err(Errno::EMFILE.into())
        }
        _ => Ok(()),
    });
    let mut life = Life::start(&disk, ManualClock::at(START), 0).unwrap();
    assert_eq!(life.batch(2, 1), Waited::Done);
    for _ in 0..3 {
        lacks.store(true, Relaxed);
        life.leaves_when_held = true;
        life.feed(2, 1);
        life.clock.advance(secs(1));
        assert_eq!(life.wait_for_batch(life.clock.now()), Waited::Held);
        lacks.store(false, Relaxed);
        life.leaves_when_held = false;
        assert_eq!(life.wait_for_batch(life.clock.now()), Waited::Done);
    }
    // Each is said once, though it was so three times; whether a checkpoint was due in between is chance.
    let said = life.ear.warnings("ulimit -n");
    let of_checkpoints = said.iter().filter(|said| said.contains("checkpoint is left out")).count();
    assert!(of_checkpoints <= 1 && said.len() - of_checkpoints == 1, "{said:?}");
    assert_eq!(life.failed(), None);
    assert!(life.stop(Stop::Graceful).drained);
    let outputs = Outputs::on(&disk);
    outputs.is_complete();
    assert_eq!(outputs.check(&[life.fed()]), [life.fed()]);
    goes_on(&disk, life.clock.now(), &[life.fed()], &[life.fed()]);
}
