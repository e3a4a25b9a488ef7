//! Both logs of a job cut at every byte, and every bit of them flipped: what is gone on with is what was
//! written, up to some frame, or it is refused.

use std::ops::Range;
use std::sync::Arc;

use super::*;
use crate::block::{Block, Origin};
use crate::conf::{InvalidUtf8, LongLines};
use crate::disk::{Disk, MemoryDisk};
use crate::framing::RecordLimit;
use crate::progress::LineCounts;
use crate::received::{Form, ReceivedBlock, RecordPolicy};
use crate::time::secs;

const PATH: &str = "job";

const LOGS: [&str; 2] = ["job/batches/0000000000.log", "job/blocks/0000000000.log"];

/// The batches of a job's life; each is given what was received before it.
const BATCHES_MADE: u64 = 12;

fn open(disk: &MemoryDisk) -> Result<(Journal, Recovered)> {
    Journal::open(Arc::new(disk.clone()), PATH.as_ref(), "counts")
}

fn text(frame: u64) -> String {
    format!("the lines of parcel {frame}\n").repeat(1 + frame as usize % 3)
}

fn policy() -> RecordPolicy {
    let limit = RecordLimit { max_bytes: 100, long_lines: LongLines::Skip };
    RecordPolicy { limit, form: Form::Text(InvalidUtf8::Replace) }
}

fn parcel(frame: u64) -> Parcel {
    let origin = Origin { source: 0, connection: 1, offset: frame };
    let block = Block::read_again(text(frame).into(), origin);
    let block = Arc::new(ReceivedBlock::new(block, policy()));
    Parcel::new(0, vec![block], LineCounts::default())
}

fn log(journal: &mut Journal, frame: u64) -> u64 {
    let parcel = parcel(frame);
    journal.log(&"socket".into(), &parcel, &parcel.blocks()).unwrap()
}

/// What is written of a batch: as many parcels as its number has below three, and a note.
fn assigned(number: u64, frames: Range<u64>) -> Assigned {
    Assigned {
        time: Time::default() + secs(number),
        frames: ranges(frames.collect()),
        polled: vec![Noted {
            source: 1,
            name: "queue".into(),
            note: format!("note {number}").into(),
        }],
    }
}

/// A life of a job on a disk, and what it has written of batches. All but the last is done; parcels that
/// no batch has come last.
fn lived() -> (MemoryDisk, Vec<Assigned>) {
    let disk = MemoryDisk::default();
    let (mut journal, _) = open(&disk).unwrap();
    let (mut batches, mut next) = (Vec::new(), 0);
    for number in 0..BATCHES_MADE {
        let frames = next..next + number % 3;
        for frame in frames.clone() {
            assert_eq!(log(&mut journal, frame), frame);
        }
        next = frames.end;
        journal.sync_parcels().unwrap();
        let assigned = assigned(number, frames);
        journal.assigned(&assigned).unwrap();
        if number + 1 < BATCHES_MADE {
            journal.done(assigned.time).unwrap();
        }
        batches.push(assigned);
    }
    for frame in next..next + 2 {
        log(&mut journal, frame);
    }
    journal.sync_parcels().unwrap();
    (disk, batches)
}

/// What is gone on with has the first of the batches, those that are done before those that are not, each
/// with what it was given, and then, in their order and without holes, the parcels that are in none.
fn is_a_beginning(recovered: &Recovered, batches: &[Assigned]) {
    let again = &recovered.again;
    let records: Vec<&Assigned> = again.iter().map(|again| &again.assigned).collect();
    assert_eq!(records, batches[..again.len()].iter().collect::<Vec<_>>());
    let done = again.iter().take_while(|again| again.is_done).count();
    assert!(done + 1 >= again.len(), "a batch is begun when the one before is done");
    let given = again.iter().flat_map(|again| &again.parcels);
    for (parcel, frame) in given.chain(&recovered.waiting).zip(0..) {
        assert_eq!((parcel.frame, &*parcel.name), (frame, "socket"));
        assert_eq!(parcel.clone().parcel(policy()).blocks()[0].text(), text(frame));
    }
    for again in again {
        let frames = again.parcels.iter().map(|parcel| parcel.frame).collect();
        assert_eq!(ranges(frames), again.assigned.frames);
    }
}

/// With another content of a file, the job is gone on with from a beginning of what it was, with a warning
/// unless nothing is wrong, or refused. Says how many frames there are then.
fn holds(disk: &MemoryDisk, log: &str, content: &[u8], batches: &[Assigned]) -> Option<usize> {
    let disk = disk.after_power_failure_where(|_| true);
    disk.put(log, content, Time::default());
    match open(&disk) {
        Ok((_, recovered)) => {
            is_a_beginning(&recovered, batches);
            let done = recovered.again.iter().filter(|again| again.is_done).count();
            let parcels: usize = recovered.again.iter().map(|again| again.parcels.len()).sum();
            Some(recovered.again.len() + done + parcels + recovered.waiting.len())
        }
        Err(error) => {
            assert!(error.to_string().contains(PATH), "{error}");
            None
        }
    }
}

#[test]
fn a_life_comes_back() {
    let (disk, batches) = lived();
    let (_, recovered) = open(&disk.after_power_failure_where(|_| true)).unwrap();
    is_a_beginning(&recovered, &batches);
    assert_eq!((recovered.again.len(), recovered.waiting.len()), (BATCHES_MADE as usize, 2));
    assert_eq!(recovered.warnings, [""; 0]);
}

#[test]
fn cut_at_any_byte_with_anything_behind_it_is_gone_on_with_from_a_beginning_or_refused() {
    let (disk, batches) = lived();
    let (other, _) = lived();
    let mut gone_on = 0;
    for log in LOGS {
        let (whole, others) = (disk.read(log.as_ref()).unwrap(), other.read(log.as_ref()).unwrap());
        let mut before = 0;
        for cut in 0..=whole.len() {
            let zeros = vec![0; whole.len() - cut];
            for behind in [&[][..], &zeros, &others[cut..]] {
                let found = holds(&disk, log, &[&whole[..cut], behind].concat(), &batches);
                gone_on += usize::from(found.is_some());
                if behind.is_empty() {
                    // More of a file is never less of what was written.
                    assert!(found.is_none_or(|found| found >= before), "{log} cut at {cut}");
                    before = found.unwrap_or(before);
                }
            }
        }
    }
    assert!(gone_on > 1000, "{gone_on}");
}

#[test]
fn any_bit_that_is_flipped_is_found_or_at_the_end() {
    let (disk, batches) = lived();
    let all = holds(&disk, LOGS[0], &disk.read(LOGS[0].as_ref()).unwrap(), &batches);
    for log in LOGS {
        let mut content = disk.read(log.as_ref()).unwrap();
        for bit in 0..content.len() * 8 {
            content[bit / 8] ^= 1 << (bit % 8);
            let found = holds(&disk, log, &content, &batches);
            assert!(found < all, "bit {bit} of {log} is not found");
            content[bit / 8] ^= 1 << (bit % 8);
        }
    }
}
