//! The power fails at any call of the file system, and leaves any subset of what was not synced; in a
//! recovery too.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};

use millstream::disk::{MemoryDisk, Unsynced};
use millstream::{ManualClock, Time, secs};

use crate::going_on::{content, goes_on};
use crate::job::{Fed, Life, Waited};
use crate::patience::each_of;
use crate::seed::Random;

const START: Time = Time::from_millis(1_000_000);

/// When the job is gone on with: later than any batch before.
const LATER: Time = Time::from_millis(1_030_000);

/// How many stories are told, with other failures of the power in each.
const STORIES: u64 = 3;

/// Disks that are looked at for each call of the file system.
const AT_EACH_CALL: usize = 24;

/// What a failure of the power has left.
#[derive(Clone)]
struct Left {
    disk: MemoryDisk,
    /// What was in batches that were done by then, in each life.
    kept: Vec<Fed>,
    /// What has been fed in each life, at last.
    fed: Vec<Fed>,
}

impl std::fmt::Debug for Left {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a disk with {:?} of {:?}", self.kept, self.fed)
    }
}

/// What is known at a moment of a life, and what has been left at moments before.
#[derive(Default)]
struct Witness {
    kept: Vec<Fed>,
    left: Vec<Left>,
    /// Of the disks so far, so that none is looked at twice.
    seen: HashSet<u64>,
    states: usize,
}

#[test]
fn what_was_done_stays_and_what_was_not_is_done_again() {
    let witnesses: Vec<(Witness, Vec<Fed>)> = (0..STORIES).map(live).collect();
    let states: usize = witnesses.iter().map(|(witness, _)| witness.states).sum();
    let left = witnesses.into_iter().flat_map(|(witness, fed)| {
        witness.left.into_iter().map(move |left| Left { fed: fed.clone(), ..left })
    });
    let left: Vec<Left> = left.collect();
    let different = left.len();
    each_of(left, |Left { disk, kept, fed }| goes_on(disk, LATER, &fed[..kept.len()], kept));
    println!(
        "{states} failures of the power left {different} different disks: all are gone on from"
    );
}

/// Lives three times, and dies with lines that no batch has; gives what a failure of the power would have
/// left at each moment, and what was fed.
fn live(seed: u64) -> (Witness, Vec<Fed>) {
    let disk = MemoryDisk::default();
    let witness = Arc::new(Mutex::new(Witness::default()));
    let mut random = Random::new(seed);
    let mut fed = Vec::new();
    for number in 0..3 {
        look_at_each_call(&disk, random.next(), &witness);
        witness.lock().unwrap().kept.push(Fed::default());
        let now = START + secs(10 * number);
        let mut life = Life::start(&disk, ManualClock::at(now), number).expect("the disk works");
        for batch in 0..3 {
            assert_eq!(life.batch(batch % 3, 1), Waited::Done);
            *witness.lock().unwrap().kept.last_mut().unwrap() = life.fed();
        }
        life.feed(2, 0);
        fed.push(life.fed());
    }
    disk.interfere(|_, _| Ok(()));
    let witness = std::mem::take(&mut *witness.lock().unwrap());
    (witness, fed)
}

/// Before each call, notes disks that a power failure may leave.
fn look_at_each_call(disk: &MemoryDisk, seed: u64, witness: &Arc<Mutex<Witness>>) {
    let (looked_at, witness) = (disk.clone(), witness.clone());
    let random = Mutex::new(Random::new(seed));
    disk.interfere(move |_, _| {
        let mut random = random.lock().unwrap();
        let mut witness = witness.lock().unwrap();
        for _ in 0..AT_EACH_CALL {
            let disk = after_power_failure(&looked_at, &mut random);
            let mut hasher = DefaultHasher::new();
            (content(&disk), &witness.kept).hash(&mut hasher);
            witness.states += 1;
            if witness.seen.insert(hasher.finish()) {
                let kept = witness.kept.clone();
                witness.left.push(Left { disk, kept, fed: Vec::new() });
            }
        }
        Ok(())
    });
}

/// What the power leaves of a disk when it fails.
fn after_power_failure(disk: &MemoryDisk, random: &mut Random) -> MemoryDisk {
    let way = random.below(6);
    let first = random.pick(&[1, 2, 3, 5, 8, 13]);
    let mut nth = 0;
    disk.after_power_failure_where(|_: Unsynced<'_>| {
        nth += 1;
        match way {
            0 => true,
            1 => false,
            2 => random.one_in(8),
            3 => random.one_in(2),
            4 => !random.one_in(8),
            _ => nth <= first,
        }
    })
}
