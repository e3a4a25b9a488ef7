//! A job with a log that dies after a batch has failed for good: that batch is not recorded as done, so it
//! is run again, unless a checkpoint has passed it.

use std::collections::BTreeMap;

use millstream::disk::{MemoryDisk, Names};
use millstream::{Stop, StreamingContext};

use crate::dice::{Dice, Site};
use crate::job::{INTERVAL, Job, Record, Setting, batches, conf, results};
use crate::oracle::{Oracle, Results};
use crate::seed::Random;

const SEEDS: u64 = 30;

/// The batch that fails, in which one window has no result, and the last one of the first life.
const FAILS: u64 = 5;
const LAST: u64 = 7;

/// Starts the job behind batch `before`, with no checkpoint but the first of all until it stops. What is run again
/// at the start is batch 0 to the dice.
fn start(disk: &MemoryDisk, setting: Setting, before: u64, dice: &Dice) -> Job {
    let conf = conf(setting, disk).write_ahead_log(true).checkpoint_interval(INTERVAL * 1000);
    dice.begin_batch(0);
    Job::start(conf, before, dice, |conf| {
        StreamingContext::get_or_create("/job", || StreamingContext::new(conf, INTERVAL))
    })
}

/// What each of the batches gives, without those that `fails` is true of.
fn expected(inputs: &[Vec<Record>], fails: impl Fn(u64) -> bool) -> BTreeMap<u64, Results> {
    let mut oracle = Oracle::default();
    let mut expected = BTreeMap::new();
    for (n, records) in (1..).zip(inputs) {
        let mut with = oracle.clone();
        expected.insert(n, with.batch(n, records));
        if !fails(n) {
            oracle = with;
        }
    }
    expected
}

/// The first life, in which all calls of `site` panic in one batch, and others now and then.
fn first_life(
    seed: u64,
    setting: Setting,
    site: Site,
    inputs: &[Vec<Record>],
) -> (MemoryDisk, Job) {
    let disk = MemoryDisk::default();
    let dice = Dice::new(seed, true, BTreeMap::from([(FAILS, site)]));
    let mut job = start(&disk, setting, 0, &dice);
    for (n, records) in (1..=LAST).zip(inputs) {
        assert_eq!(job.batch(records).succeeded(), n != FAILS, "batch {n}");
    }
    (disk, job)
}

/// What the first life leaves is on the disk: folders of batches that are done, up to `last`, just as they were.
fn first_life_is_there(disk: &MemoryDisk, last: u64, without: &BTreeMap<u64, Results>, of: &str) {
    for n in (1..=last).filter(|n| *n != FAILS) {
        assert_eq!(results(disk, n), without[&n], "{of}, batch {n}");
    }
}

/// A story for each seed: how it is set, where the panic stays, and the batches' records.
fn stories(sites: &[Site]) -> impl Iterator<Item = (u64, Setting, Site, Vec<Vec<Record>>)> {
    (0..SEEDS).map(move |seed| {
        let mut random = Random::new(seed);
        let (setting, site) = (random.pick(&Setting::ALL), sites[seed as usize % sites.len()]);
        (seed, setting, site, batches(&mut random, LAST as usize + 2))
    })
}

/// Where a panic stays: in tasks or on the driver, of what is kept, with an output that reads it and without,
/// or of outputs.
const SITES: [Site; 7] = [
    Site::Map,
    Site::Merge,
    Site::SlidMerge,
    Site::Update,
    Site::WithState,
    Site::Transform,
    Site::Format,
];

#[test]
fn a_batch_that_failed_is_run_again_with_all_that_is_not_in_a_checkpoint() {
    for (seed, setting, site, inputs) in stories(&SITES) {
        let of = format!("seed {seed}, {setting:?}, {site:?}");
        let without = expected(&inputs, |n| n == FAILS);
        let with = expected(&inputs, |_| false);
        let (disk, job) = first_life(seed, setting, site, &inputs);
        let names = if seed % 2 == 0 { Names::Lost } else { Names::Kept };
        let died = disk.after_power_failure(names);
        drop(job);

        let dice = Dice::new(!seed, true, BTreeMap::new());
        let mut job = start(&died, setting, LAST, &dice);
        let reports = job.reports_so_far();
        assert_eq!(reports.len() as u64, LAST, "{of}");
        assert!(reports.iter().all(|report| report.succeeded()), "{of}");
        // That the last one is done may not have been synced, and then it is run behind the one that failed.
        first_life_is_there(&died, LAST - 1, &without, &of);
        assert!([&without[&LAST], &with[&LAST]].contains(&&results(&died, LAST)), "{of}");
        assert_eq!(results(&died, FAILS), with[&FAILS], "{of}");
        for (n, records) in (LAST + 1..).zip(&inputs[LAST as usize..]) {
            assert!(job.batch(records).succeeded(), "{of}");
            assert_eq!(results(&died, n), with[&n], "{of}, batch {n}");
        }
    }
}

#[test]
fn what_fails_when_it_is_run_again_is_run_once_more() {
    // Of batches that are done outputs do not run again, but all that is kept does.
    let of_outputs = [Site::Format, Site::InTransform, Site::Transform];
    let of_all = [Site::Map, Site::Update, Site::WithState];
    for (seed, setting, site, inputs) in stories(&[of_outputs, of_all].concat()) {
        let of = format!("seed {seed}, {setting:?}, {site:?}");
        let without = expected(&inputs, |n| n == FAILS);
        let with = expected(&inputs, |_| false);
        let (disk, job) = first_life(seed, setting, site, &inputs);
        job.running.stop(Stop::Now).unwrap();
        drop(job);
        let dice = Dice::new(seed, false, BTreeMap::from([(0, site)]));
        for _ in 0..2 {
            let job = start(&disk, setting, LAST, &dice);
            let reports = job.reports_so_far();
            let failed = reports.iter().filter(|report| !report.succeeded());
            let failed: Vec<u64> =
                failed.map(|report| report.batch_time_ms as u64 / 1000).collect();
            let all: Vec<u64> = (1..=LAST).collect();
            assert_eq!(failed, if of_all.contains(&site) { &all[..] } else { &[FAILS] }, "{of}");
            first_life_is_there(&disk, LAST, &without, &of);
            job.running.stop(Stop::Now).unwrap();
        }
        let mut job = start(&disk, setting, LAST, &Dice::calm());
        assert!(job.reports_so_far().iter().all(|report| report.succeeded()), "{of}");
        first_life_is_there(&disk, LAST, &without, &of);
        assert_eq!(results(&disk, FAILS), with[&FAILS], "{of}");
        assert!(job.batch(&inputs[LAST as usize]).succeeded(), "{of}");
        assert_eq!(results(&disk, LAST + 1), with[&(LAST + 1)], "{of}");
    }
}

#[test]
fn a_batch_that_failed_stays_out_once_a_checkpoint_has_passed_it() {
    for (seed, setting, site, inputs) in stories(&SITES) {
        let of = format!("seed {seed}, {setting:?}, {site:?}");
        let without = expected(&inputs, |n| n == FAILS);
        let (disk, job) = first_life(seed, setting, site, &inputs);
        assert!(job.running.stop(Stop::Graceful).unwrap().checkpointed);
        drop(job);
        let mut job = start(&disk, setting, LAST, &Dice::calm());
        assert_eq!(job.reports_so_far().len(), 0, "{of}");
        first_life_is_there(&disk, LAST, &without, &of);
        for (n, records) in (LAST + 1..).zip(&inputs[LAST as usize..]) {
            assert!(job.batch(records).succeeded(), "{of}");
            assert_eq!(results(&disk, n), without[&n], "{of}, batch {n}");
        }
    }
}
