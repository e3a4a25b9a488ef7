//! The files of a job that has died, cut here and there, and with a bit flipped here and there: what is
//! gone on with is what was received up to some record, or it is refused.

use std::path::{Path, PathBuf};

use millstream::disk::{Disk, MemoryDisk};
use millstream::{ManualClock, Stop, Time, millis, secs};

use crate::going_on::{content, read};
use crate::job::{Fed, Life, Source, Waited, added, record};
use crate::oracle::Outputs;
use crate::patience::each_of;

const START: Time = Time::from_millis(1_000_000);

/// One byte in so many is looked at; the logs and checkpoints have tests of their own that look at all.
const STEP: usize = 11;

const BATCHES: u64 = 6;

/// What is done to a file.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Cut,
    Zeros,
    Bit,
}

#[derive(Clone)]
struct Case {
    disk: MemoryDisk,
    fed: Fed,
    file: PathBuf,
    at: usize,
    damage: Damage,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} at {} of {}", self.damage, self.at, self.file.display())
    }
}

#[test]
fn cut_and_flipped_it_is_gone_on_with_from_a_beginning_or_refused() {
    let disk = MemoryDisk::default();
    let mut life = Life::start(&disk, ManualClock::at(START), 0).expect("the disk works");
    for _ in 0..BATCHES - 1 {
        assert_eq!(life.batch(5, 3), Waited::Done);
    }
    life.feed(4, 0);
    life.clock.advance(millis(200));
    life.wait_until("lines are received", |life| life.received() == life.fed().socket);
    let disk = disk.after_power_failure_where(|_| true);
    let fed = life.fed();
    drop(life);

    let mut cases = Vec::new();
    for (file, bytes) in content(&disk) {
        if file.starts_with("/job") {
            for at in (0..bytes.len()).step_by(STEP) {
                let case =
                    |damage| Case { disk: disk.clone(), fed, file: file.clone(), at, damage };
                cases.extend([Damage::Cut, Damage::Zeros, Damage::Bit].map(case));
            }
        }
    }
    println!("{} damages", cases.len());
    each_of(cases, goes_on_or_is_refused);
}

fn goes_on_or_is_refused(case: &Case) {
    let Case { disk, fed, file, at, damage } = case;
    let disk = disk.after_power_failure_where(|_| true);
    let mut bytes = read(&disk, file);
    match damage {
        Damage::Cut => bytes.truncate(*at),
        Damage::Zeros => bytes[*at..].fill(0),
        Damage::Bit => bytes[*at] ^= 1 << (at % 8),
    }
    disk.put(file, bytes, Time::default());
    // What the outputs had is not what is asked here: a log whose end is gone knows less than they do.
    disk.remove_directory("/out".as_ref()).expect("it is there");
    let mut life = match Life::start(&disk, ManualClock::at(START + secs(60)), 1) {
        Ok(life) => life,
        Err(error) => {
            let sentence = error.to_string();
            assert!(sentence.contains("/job"), "{sentence}");
            return;
        }
    };
    assert_eq!(life.batch(2, 1), Waited::Done);
    assert!(life.stop(Stop::Graceful).drained);
    let found = totals(&disk, START + secs(61));
    let is_known = |before: &Fed| found == expected(&[*before, life.fed()]);
    let beginnings =
        (0..=fed.socket).flat_map(|socket| (0..=fed.queue).map(move |queue| Fed { socket, queue }));
    let before = beginnings.into_iter().find(is_known);
    let before = before.unwrap_or_else(|| panic!("these are of no beginning: {found:?}"));
    let sentences = life.ear.warnings("");
    let warned = sentences.iter().any(|s| s.contains("is damaged") || s.contains("left out"));
    // A log that was cut right behind a frame is one that has no more.
    let may_be_cut_behind_a_frame = matches!(damage, Damage::Cut);
    assert!(before == *fed || warned || may_be_cut_behind_a_frame, "{before:?}: {sentences:?}");
    assert!(is_there_or_at_the_end(&before, fed, file), "{before:?}");
}

/// Only the ends of the logs may be taken for what was never durable.
fn is_there_or_at_the_end(before: &Fed, fed: &Fed, file: &Path) -> bool {
    before == fed || file.starts_with("/job/blocks") || file.starts_with("/job/batches")
}

/// The states after a batch, in order of their text.
fn totals(disk: &MemoryDisk, time: Time) -> Vec<String> {
    let mut lines = Outputs::on(disk).results.remove(&time).expect("the batch is there");
    lines.retain(|line| line.starts_with("(total"));
    lines.sort();
    lines
}

fn expected(fed: &[Fed]) -> Vec<String> {
    let mut sums = std::collections::BTreeMap::new();
    for (life, fed) in (0..).zip(fed) {
        for (source, n) in [(Source::Socket, fed.socket), (Source::Queue, fed.queue)] {
            for (key, id) in (0..n).map(|n| record(source, life, n)) {
                let sum: &mut (u64, u64) = sums.entry(key).or_default();
                *sum = added(*sum, (1, id));
            }
        }
    }
    let mut lines: Vec<String> =
        sums.iter().map(|(key, (n, sum))| format!("(total,{key},{n},{sum})")).collect();
    lines.sort();
    lines
}
