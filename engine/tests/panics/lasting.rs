//! Panics that stay, each at one closure in a batch of its own, among others that pass.

use std::collections::{BTreeMap, BTreeSet};

use millstream::disk::MemoryDisk;
use millstream::progress::BatchReport;
use millstream::{Stop, StreamingContext};

use crate::dice::{Dice, Site, message};
use crate::job::{INTERVAL, Job, SLIDE, Setting, batches, conf, results};
use crate::oracle::Oracle;
use crate::seed::Random;

const SEEDS: u64 = 48;
const BATCHES: usize = 12;

/// A sentence of the report names the stage or the output, and says why.
fn says_why(report: &BatchReport, site: Site, of: &str) {
    let by = match site {
        Site::Map | Site::Format | Site::InTransform => "save_as_files",
        Site::Merge | Site::SlidMerge => "reduce_by_key",
        Site::Inverse => "reduce_by_key_and_window_with_inverse",
        Site::Update => "update_state_by_key",
        Site::WithState => "map_with_state",
        Site::Transform => "transform",
        Site::Output => "for_each_rdd",
    };
    let attempts = if site.is_in_tasks() { "panicked in 4 attempts: " } else { "" };
    let why = attempts.to_owned() + &message(site, (report.batch_time_ms / 1000) as u64);
    let says = |error: &String| error.contains(by) && error.ends_with(&why);
    assert!(report.errors.iter().any(says), "{of}: {by}, {why}: {:?}", report.errors);
}

/// One batch in three has a panic that stays.
fn lasting(random: &mut Random) -> BTreeMap<u64, Site> {
    let failing = (2..=BATCHES as u64).filter(|_| random.one_in(3)).collect::<Vec<_>>();
    failing.into_iter().map(|n| (n, random.pick(&Site::ALL))).collect()
}

/// Runs the job, and holds each batch against the oracle, which leaves out what has failed. Answers where
/// panics stayed.
fn run(seed: u64, setting: Setting) -> BTreeSet<Site> {
    let mut random = Random::new(seed);
    let lasting = lasting(&mut random);
    let (disk, dice) = (MemoryDisk::default(), Dice::new(seed, true, lasting.clone()));
    let mut job =
        Job::start(conf(setting, &disk), 0, &dice, |c| StreamingContext::new(c, INTERVAL));
    let (mut oracle, mut sites) = (Oracle::default(), BTreeSet::new());
    for (n, records) in (1..).zip(batches(&mut random, BATCHES)) {
        let report = job.batch(&records);
        let of = format!("seed {seed}, {setting:?}, {lasting:?}, batch {n}");
        let mut with = oracle.clone();
        let (found, expected) = (results(&disk, n), with.batch(n, &records));
        let hit = dice.hit(n);
        match hit {
            Some(site) => {
                says_why(&report, site, &of);
                // What does not read what has failed gives this batch's results.
                for (name, lines) in &found {
                    assert_eq!(lines, &expected[name], "{of}: {name}");
                }
                let fails_an_output = match site {
                    Site::Output => false,
                    Site::SlidMerge => n.is_multiple_of(SLIDE),
                    _ => true,
                };
                assert_eq!(found.len() < expected.len(), fails_an_output, "{of}");
            }
            None => {
                assert!(report.succeeded(), "{of}: {:?}", report.errors);
                assert_eq!(found, expected, "{of}");
            }
        }
        // An output that fails by itself fails nothing else.
        if hit.is_none_or(|site| site == Site::Output) {
            oracle = with;
        }
        sites.extend(hit);
    }
    assert!(job.running.stop(Stop::Graceful).unwrap().drained);
    assert_eq!(job.running.await_termination().is_err(), !sites.is_empty());
    sites
}

#[test]
fn the_batch_is_reported_failed_and_leaves_no_trace() {
    for setting in Setting::ALL {
        let sites: BTreeSet<Site> = (0..SEEDS).flat_map(|seed| run(seed, setting)).collect();
        assert_eq!(sites, BTreeSet::from(Site::ALL), "{setting:?}");
    }
}
