//! Both copies have the same, and each alone is enough.

use millstream::disk::{Disk, MemoryDisk};
use millstream::{ManualClock, Stop, secs};

use crate::job::{DIRECTORY, Life, Waited, conf};
use crate::oracle::Outputs;
use crate::pair::{COPY, Pair, START, are_the_same, copy_of, durable, goes_on};

/// A life of some batches, which is not stopped in an orderly way.
fn lived(pair: &Pair) -> Life {
    let mut life = pair.start(0).unwrap();
    for _ in 0..5 {
        assert_eq!(life.batch(3, 2), Waited::Done);
    }
    life.stop(Stop::Now);
    life
}

#[test]
fn both_copies_have_the_same() {
    let pair = Pair::new();
    let mut life = pair.start(0).unwrap();
    for _ in 0..5 {
        assert_eq!(life.batch(3, 2), Waited::Done);
    }
    assert!(life.stop(Stop::Graceful).checkpointed);
    assert_eq!(life.ear.warnings("had nothing"), Vec::<String>::new(), "it is the first start");
    are_the_same(&pair.here, &pair.there);
    goes_on(&pair, START + secs(5), &[life.fed()]);
    are_the_same(&pair.here, &pair.there);
}

#[test]
fn it_goes_on_from_the_replica_where_its_own_disk_is_gone() {
    let pair = Pair::new();
    let life = lived(&pair);
    // The outputs are on another disk, which is still there.
    pair.here.remove_directory(DIRECTORY.as_ref()).unwrap();
    let now = START + secs(5);
    let again = goes_on(&pair, now, &[life.fed()]);
    assert_eq!(again.ear.warnings("is empty, and its").len(), 1);
    are_the_same(&pair.here, &pair.there);
}

#[test]
fn a_new_replica_is_filled() {
    let pair = Pair::new();
    let life = lived(&pair);
    let pair = Pair::of(copy_of(&pair.here), MemoryDisk::default());
    let again = goes_on(&pair, START + secs(5), &[life.fed()]);
    assert_eq!(again.ear.warnings("damaged").len(), 0);
    let said = again.ear.warnings("had nothing of this job");
    assert!(said.len() == 1 && said[0].contains("its disk is not mounted"), "{said:?}");
    are_the_same(&pair.here, &pair.there);
}

#[test]
fn what_a_job_without_a_replica_has_gone_on_with_is_copied_when_it_has_one_again() {
    let pair = Pair::new();
    let life = lived(&pair);
    let clock = ManualClock::at(START + secs(5));
    let mut alone = Life::with(conf(&pair.here, &clock), clock, 1).unwrap();
    for _ in 0..7 {
        assert_eq!(alone.batch(3, 2), Waited::Done);
    }
    alone.stop(Stop::Now);
    goes_on(&pair, START + secs(12), &[life.fed(), alone.fed()]);
    let (here, there) = (durable(&pair.here, DIRECTORY), durable(&pair.there, COPY));
    assert!(here.iter().all(|(path, bytes)| there.get(path) == Some(bytes)));
}

#[test]
fn the_replicas_directory_is_a_checkpoint_directory() {
    let pair = Pair::new();
    let life = lived(&pair);
    let (_, there) = pair.disks();
    // What the outputs have lies on yet another disk.
    for (path, bytes) in crate::going_on::content(&pair.here) {
        if path.starts_with("/out") {
            there.put(path, bytes, START);
        }
    }
    there.rename(COPY.as_ref(), DIRECTORY.as_ref()).unwrap();
    let clock = ManualClock::at(START + secs(5));
    let mut on_the_other = Life::with(conf(&there, &clock), clock, 1).unwrap();
    assert_eq!(on_the_other.batch(2, 1), Waited::Done);
    assert!(on_the_other.stop(Stop::Graceful).drained);
    let all = [life.fed(), on_the_other.fed()];
    assert_eq!(Outputs::on(&there).check(&all), all);
}
