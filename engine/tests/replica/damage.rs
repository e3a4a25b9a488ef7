//! The files of either copy lost, cut, with bits flipped, or with something behind them: the other one serves.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use millstream::disk::{Call, Disk, MemoryDisk};
use millstream::{Stop, Time, millis, secs};

use crate::going_on::{content, read};
use crate::job::{DIRECTORY, Fed, Waited};
use crate::oracle::Outputs;
use crate::pair::{COPY, Pair, START, all_is_in, are_the_same, copy_of, durable, goes_on, life};
use crate::patience::each_of;
use crate::proxy::Proxy;

/// One byte in so many is looked at.
const STEP: usize = 41;

const BATCHES: u64 = 5;

/// What is done to a file.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Damage {
    Lost,
    Cut,
    Zeros,
    Bit,
    Appended,
}

/// How many different things are appended.
const APPENDED: usize = 3;

#[derive(Clone)]
struct Case {
    here: MemoryDisk,
    there: MemoryDisk,
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

/// A job that has died with lines in the log that no batch has been given.
fn died() -> (Pair, Fed) {
    let pair = Pair::new();
    let mut life = pair.start(0).expect("the disks work");
    for _ in 0..BATCHES - 1 {
        assert_eq!(life.batch(5, 3), Waited::Done);
    }
    life.feed(4, 0);
    life.clock.advance(millis(200));
    life.wait_until("lines are received", |life| life.received() == life.fed().socket);
    let (here, there) = pair.disks();
    // What the queue has and no batch was given is nowhere.
    (Pair::of(here, there), life.fed())
}

#[test]
fn a_file_that_is_damaged_in_one_copy_comes_from_the_other() {
    let (pair, fed) = died();
    let mut cases = Vec::new();
    for (disk, directory) in [(&pair.here, DIRECTORY), (&pair.there, COPY)] {
        for (file, bytes) in content(disk) {
            if !file.starts_with(directory) || file.ends_with("lock") {
                continue;
            }
            let case = |at, damage| Case {
                here: pair.here.clone(),
                there: pair.there.clone(),
                fed,
                file: file.clone(),
                at,
                damage,
            };
            cases.push(case(0, Damage::Lost));
            cases.extend((0..APPENDED).map(|what| case(what, Damage::Appended)));
            for at in (0..bytes.len()).step_by(STEP) {
                cases.extend([Damage::Cut, Damage::Zeros, Damage::Bit].map(|d| case(at, d)));
            }
        }
    }
    println!("{} damages", cases.len());
    assert!(cases.len() > 200);
    each_of(cases, goes_on_with_all);
}

fn goes_on_with_all(case: &Case) {
    let pair = Pair::of(copy_of(&case.here), copy_of(&case.there));
    let disk = if case.file.starts_with(DIRECTORY) { &pair.here } else { &pair.there };
    spoil(disk, &case.file, case.at, case.damage);
    goes_on(&pair, START + secs(BATCHES), &[case.fed]);
    are_the_same(&pair.here, &pair.there);
}

fn spoil(disk: &MemoryDisk, file: &Path, at: usize, damage: Damage) {
    let mut bytes = read(disk, file);
    match damage {
        Damage::Lost => return disk.remove(file).expect("it is there"),
        Damage::Cut => bytes.truncate(at),
        Damage::Zeros => bytes[at..].fill(0),
        Damage::Bit => bytes[at] ^= 1 << (at % 8),
        Damage::Appended => {
            // Its last frame once more, or a part of it, is what a disk may have at another place.
            let last = bytes.windows(4).rposition(|bytes| bytes == b"\xf5mlf");
            let frame = bytes[last.expect("a file has frames")..].to_vec();
            let appended = [&b"x"[..], &frame, &[0; 100]];
            bytes.extend_from_slice(appended[at]);
        }
    }
    disk.put(file, bytes, Time::default());
}

/// Has the disk give a file back no more, until another one is in its place.
fn lose(disk: &MemoryDisk, file: &Path) {
    let temporary = PathBuf::from(format!("{}.tmp", file.display()));
    let (file, is_lost) = (file.to_owned(), AtomicBool::new(true));
    disk.interfere(move |call, path| {
        if call == Call::Rename && *path == *temporary {
            is_lost.store(false, Relaxed);
        }
        match call == Call::Read && *path == *file && is_lost.load(Relaxed) {
            true => Err(std::io::Error::from_raw_os_error(5)),
            false => Ok(()),
        }
    });
}

#[test]
fn a_file_that_one_disk_cannot_give_back_comes_from_the_other() {
    let (pair, fed) = died();
    let mut lost = 0;
    for (disk, directory) in [(&pair.here, DIRECTORY), (&pair.there, COPY)] {
        for path in durable(disk, directory).keys() {
            let pair = Pair::of(copy_of(&pair.here), copy_of(&pair.there));
            let (disk, file) = match directory {
                DIRECTORY => (&pair.here, Path::new(DIRECTORY).join(path)),
                _ => (&pair.there, Path::new(COPY).join(path)),
            };
            lose(disk, &file);
            let life = goes_on(&pair, START + secs(BATCHES), &[fed]);
            let said = life.ear.warnings("replaced by");
            assert_eq!(said.len(), 1, "{}: {said:?}", file.display());
            are_the_same(&pair.here, &pair.there);
            lost += 1;
        }
    }
    assert!(lost >= 8, "{lost}");
}

#[test]
fn a_file_that_the_replica_cannot_give_back_is_sent_again_while_the_job_runs() {
    let pair = Pair::new();
    let proxy = Proxy::to(pair.replica.address());
    let mut life = life(&pair.here, proxy.address, START, 0).expect("the disks work");
    for file in ["blocks/0000000000.log", "batches/0000000000.log", "identity", "lives"] {
        assert_eq!(life.batch(2, 1), Waited::Done);
        let file = Path::new(COPY).join(file);
        lose(&pair.there, &file);
        proxy.cut_after(0);
        assert_eq!(life.batch(2, 1), Waited::Done, "{:?}", life.ear.warnings(""));
        assert!(!read(&pair.there, &file).is_empty(), "another one is in its place");
    }
    let said = life.ear.warnings("cannot be read, and is replaced by");
    assert!(said.iter().any(|said| said.contains("/counts/blocks/0000000000.log")), "{said:?}");
    assert!(life.stop(Stop::Graceful).drained);
    all_is_in(&pair.here, &pair.there);
}

#[test]
fn files_that_are_damaged_at_different_places_in_both_copies_are_put_together() {
    let (pair, fed) = died();
    for (path, bytes) in durable(&pair.here, DIRECTORY) {
        if bytes.len() > 400 {
            spoil(&pair.here, &Path::new(DIRECTORY).join(&path), bytes.len() - 20, Damage::Bit);
            spoil(&pair.there, &Path::new(COPY).join(&path), 5, Damage::Bit);
        }
    }
    let life = goes_on(&pair, START + secs(BATCHES), &[fed]);
    assert!(!life.ear.warnings("at different places").is_empty());
    are_the_same(&pair.here, &pair.there);
}

#[test]
fn a_frame_that_is_damaged_in_both_copies_is_refused_and_nothing_is_changed() {
    let (pair, _) = died();
    let file = "batches/0000000000.log";
    for (disk, directory) in [(&pair.here, DIRECTORY), (&pair.there, COPY)] {
        let path = Path::new(directory).join(file);
        let bytes = read(disk, &path).len();
        // Everything behind the first quarter, but for what vouches for it.
        spoil(disk, &path, bytes / 4, Damage::Bit);
    }
    let before = (durable(&pair.here, DIRECTORY), durable(&pair.there, COPY));
    let sentence = pair.start_at(START + secs(BATCHES), 1).err().unwrap().to_string();
    assert!(sentence.contains(file) && sentence.contains("is damaged"), "{sentence}");
    assert!((durable(&pair.here, DIRECTORY), durable(&pair.there, COPY)) == before);
    // That it says so once more shows that it has let both go.
    assert!(pair.start_at(START + secs(BATCHES), 1).is_err());
}

#[test]
fn what_is_wrong_is_said_once_and_then_it_is_mended() {
    let (pair, fed) = died();
    spoil(&pair.here, &Path::new(DIRECTORY).join("identity"), 40, Damage::Bit);
    spoil(&pair.there, &Path::new(COPY).join("blocks/0000000000.log"), 200, Damage::Bit);
    let now = START + secs(BATCHES);
    let life = goes_on(&pair, now, &[fed]);
    let said = life.ear.warnings("replaced by what is whole");
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("/counts/blocks/0000000000.log is damaged"), "{said:?}");
    assert!(said[1].contains("/job/identity is damaged"), "{said:?}");
    let again = pair.start_at(now + secs(1), 2).unwrap();
    assert_eq!(again.ear.warnings("replaced by"), Vec::<String>::new());
    again.stop(Stop::Now);
}

#[test]
fn a_file_that_gets_shorter_while_it_is_looked_at_is_looked_at_again() {
    let (pair, fed) = died();
    let file = Path::new(DIRECTORY).join("blocks/0000000000.log");
    // The replica has its beginning, to the end of a frame.
    let copy = Path::new(COPY).join("blocks/0000000000.log");
    let bytes = read(&pair.there, &copy);
    let last = bytes.windows(4).rposition(|bytes| bytes == b"\xf5mlf").expect("it has frames");
    pair.there.put(&copy, &bytes[..last], Time::default());
    // It is read once to be compared, and once to be sent.
    let (disk, reads, cut) = (pair.here.clone(), AtomicU64::new(0), file.clone());
    pair.here.interfere(move |call, path| {
        if call == Call::Read && *path == *cut && reads.fetch_add(1, Relaxed) == 1 {
            disk.put(path, &bytes[..10], Time::default());
        }
        Ok(())
    });
    let mut life = pair.start_at(START + secs(BATCHES), 1).expect("it is dialled again");
    assert!(!life.ear.warnings("has changed while").is_empty(), "{:?}", life.ear.warnings(""));
    assert_eq!(life.batch(2, 1), Waited::Done);
    assert!(life.stop(Stop::Graceful).drained);
    // The line of the last frame was in this copy alone by then.
    let found = Outputs::on(&pair.here).check(&[fed, life.fed()]);
    assert_eq!(found[1], life.fed());
    are_the_same(&pair.here, &pair.there);
}
