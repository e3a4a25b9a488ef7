//! Panics of which no task has four in a row.

use std::collections::BTreeMap;

use millstream::disk::MemoryDisk;
use millstream::{Stop, StreamingContext};

use crate::dice::Dice;
use crate::job::{INTERVAL, Job, Setting, batches, conf, results, retries};
use crate::oracle::Oracle;
use crate::seed::Random;

const SEEDS: u64 = 40;
const BATCHES: usize = 10;

/// Runs the job, and holds each batch against the oracle; answers how many panics there were, and bytes
/// that early work took in.
fn run(seed: u64, setting: Setting, dice: &Dice) -> (u32, u64) {
    let disk = MemoryDisk::default();
    let mut job = Job::start(conf(setting, &disk), 0, dice, |c| StreamingContext::new(c, INTERVAL));
    let (mut oracle, mut panics, mut early_bytes) = (Oracle::default(), 0, 0);
    for (n, records) in (1..).zip(batches(&mut Random::new(seed), BATCHES)) {
        let report = job.batch(&records);
        let of = format!("seed {seed}, {setting:?}, batch {n}");
        assert!(report.succeeded(), "{of}: {:?}", report.errors);
        assert_eq!(results(&disk, n), oracle.batch(n, &records), "{of}");
        assert_eq!(report.records, records.len() as u64, "{of}");
        let (retries, in_batch) = (retries(&report), dice.panics(n));
        let is_told = (in_batch > 0) == (retries > 0) && retries <= in_batch;
        assert!(is_told, "{of}: {in_batch} panics, and {retries} retries are reported");
        panics += in_batch;
        early_bytes += report.early_bytes;
    }
    assert!(job.running.stop(Stop::Graceful).unwrap().drained);
    assert!(job.running.await_termination().is_ok());
    (panics, early_bytes)
}

#[test]
fn results_are_as_without_them_and_retries_are_reported() {
    for setting in Setting::ALL {
        assert_eq!(run(0, setting, &Dice::calm()).0, 0);
        let runs =
            (0..SEEDS).map(|seed| run(seed, setting, &Dice::new(seed, true, BTreeMap::new())));
        let (panics, early_bytes) = runs.fold((0, 0), |sum, run| (sum.0 + run.0, sum.1 + run.1));
        assert!(panics > SEEDS as u32 * BATCHES as u32 * 2, "{panics} panics");
        assert_eq!(early_bytes > 0, setting.early_work, "{setting:?}: {early_bytes}");
    }
}
