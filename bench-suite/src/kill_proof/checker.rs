//! Holds what a job has left in files against what it was sent: counts what is lost, doubled, out of order,
//! torn or foreign, and which sums are not those of their records.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use loadgen::{Checker, StampedLine};

use super::cuts;
use super::folders::{Folders, lines};
use super::found::Found;
use crate::killable::Output;
use crate::senders::{Sent, Sum};

/// The sums of a batch or a window, by source. Sums of no records are left out.
type Sums = BTreeMap<u64, Sum>;

/// What was read of the records' files.
#[derive(Default)]
struct Records {
    checker: Checker,
    /// By the time of their batch, in milliseconds.
    batches: BTreeMap<i64, Sums>,
    /// By source, when the record was sent that is the last of it here, in microseconds since the epoch.
    last_sent_us: BTreeMap<u64, u64>,
}

/// Checks the folders in `directory`, of batches that are so many milliseconds long. A broken connection may lack so
/// many bytes at most.
pub(super) fn check(
    directory: &Path,
    batch_ms: i64,
    sent: &Sent,
    most_cut_bytes: u64,
) -> Result<Found> {
    let mut folders = Folders::of(directory)?;
    let mut found = Found::default();
    let records = read_records(&mut folders, sent, &mut found)?;
    for output in Output::ALL {
        if output != Output::Records {
            check_sums(output, batch_ms, &records, &mut folders, &mut found)?;
        }
    }
    found.take_verdict(&records.checker.verdict());
    check_end(&records, sent, &mut found);
    let counts = records.counts();
    cuts::account_for(sent, most_cut_bytes, &records.last_sent_us, &counts, &mut found);
    for path in &folders.unfinished {
        found.unfinished += 1;
        found.say(format_args!("{} is not finished", path.display()));
    }
    for path in &folders.foreign {
        found.foreign += 1;
        found.say(format_args!("{} is no output's", path.display()));
    }
    Ok(found)
}

fn read_records(folders: &mut Folders, sent: &Sent, found: &mut Found) -> Result<Records> {
    let mut records = Records { checker: sent.checker(), ..Records::default() };
    for (time, folder) in folders.of_output(Output::Records) {
        let parts = folders.read(&folder)?;
        let sums = records.batches.entry(time).or_default();
        for line in parts.iter().flat_map(|part| lines(part)) {
            if let StampedLine::Record { stamp, digest, .. } = records.checker.see(line) {
                let sum = sums.entry(stamp.source).or_default();
                *sum = *sum + Sum::of(digest);
                records.last_sent_us.insert(stamp.source, stamp.sent_us);
            }
        }
    }
    found.batches = records.batches.len() as u64;
    Ok(records)
}

/// Holds each folder of an output against the records, and looks for folders that should be there.
fn check_sums(
    output: Output,
    batch_ms: i64,
    records: &Records,
    folders: &mut Folders,
    found: &mut Found,
) -> Result<()> {
    let is_there = folders.of_output(output);
    let (length, slide_ms) = match output.window_batches() {
        None => (None, batch_ms),
        Some((length, slide)) => (Some(length * batch_ms), slide * batch_ms),
    };
    // Slides are counted from a time that nobody is told; any folder shows it.
    let phase = is_there.keys().next().map_or(0, |first| first.rem_euclid(slide_ms));
    let is_due = |time: i64| is_there.is_empty() || time.rem_euclid(slide_ms) == phase;

    let mut so_far = Sums::new();
    for (&time, batch) in &records.batches {
        if length.is_none() {
            add(&mut so_far, batch);
        }
        let folder = match is_there.get(&time) {
            Some(folder) => folder,
            None if is_due(time) => {
                found.missing += 1;
                found.say(format_args!("batch {time} has no folder of {}", output.name()));
                continue;
            }
            None => continue,
        };
        let parts = folders.read(folder)?;
        let must_be = match length {
            None => so_far.clone(),
            Some(length) => records.window(time - length, time),
        };
        if !is_due(time) || read_sums(&parts) != Some(must_be) {
            let wrong = match length {
                None => &mut found.wrong_totals,
                Some(_) => &mut found.wrong_windows,
            };
            *wrong += 1;
            found.say(format_args!("{} is not what its records sum to", folder.display()));
        }
    }
    for (time, folder) in is_there.iter().filter(|(time, _)| !records.batches.contains_key(time)) {
        found.missing += 1;
        found.say(format_args!(
            "{} is there, and batch {time} has no records' folder",
            folder.display()
        ));
    }
    Ok(())
}

/// Holds the sums of all records against what the senders say that theirs sum to.
fn check_end(records: &Records, sent: &Sent, found: &mut Found) {
    let all = records.window(i64::MIN, i64::MAX);
    for mark in sent.whole() {
        let sum = all.get(&mark.source).copied().unwrap_or_default();
        if sum.records != mark.records || mark.digest.is_some_and(|digest| digest != sum.digest) {
            found.wrong_totals += 1;
            found.say(format_args!(
                "source {} has sent {} records, and {} were counted, or others",
                mark.source, mark.records, sum.records
            ));
        }
    }
}

impl Records {
    /// What the batches after a time sum to, up to another and with it.
    fn window(&self, after: i64, up_to: i64) -> Sums {
        let mut sums = Sums::new();
        for (_, batch) in self.batches.range(after.saturating_add(1)..=up_to) {
            add(&mut sums, batch);
        }
        sums
    }

    /// How many records there are of each source.
    fn counts(&self) -> BTreeMap<u64, u64> {
        let all = self.window(i64::MIN, i64::MAX);
        all.into_iter().map(|(source, sum)| (source, sum.records)).collect()
    }
}

fn add(sums: &mut Sums, more: &Sums) {
    for (&source, &sum) in more {
        let own = sums.entry(source).or_default();
        *own = *own + sum;
    }
}

/// The sums that files say; nothing where a line is none, or a source is there twice.
fn read_sums(parts: &[Vec<u8>]) -> Option<Sums> {
    let mut sums = Sums::new();
    for line in parts.iter().flat_map(|part| lines(part)) {
        let (source, sum) = Sum::read(str::from_utf8(line).ok()?)?;
        // A window from which everything of a key has left still knows the key.
        let is_new = sum == Sum::default() || sums.insert(source, sum).is_none();
        if !is_new {
            return None;
        }
    }
    Some(sums)
}
