//! Directories that cannot be gone on from: each is refused with a sentence that says what is wrong with
//! which file and what helps, and nothing in it is changed.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use millstream::disk::{Call, Disk, MemoryDisk, RealDisk};
use millstream::{Conf, ManualClock, Running, Stop, StreamingContext, Time, millis, secs};

use crate::going_on::{content, goes_on, read};
use crate::job::{Fed, Life, Waited, conf};

const START: Time = Time::from_millis(1_000_000);

/// When the job is gone on with.
const LATER: Time = Time::from_millis(1_010_000);

const IDENTITY: &str = "/job/identity";
const BLOCKS: &str = "/job/blocks/0000000000.log";
const BATCHES: &str = "/job/batches/0000000000.log";

/// The disk of a job whose process has died, with lines that no batch has; and what it was fed.
fn died() -> (MemoryDisk, Fed) {
    let disk = MemoryDisk::default();
    let mut life = Life::start(&disk, ManualClock::at(START), 0).expect("the disk works");
    for _ in 0..5 {
        assert_eq!(life.batch(2, 1), Waited::Done);
    }
    life.feed(2, 0);
    life.clock.advance(millis(200));
    life.wait_until("lines are received", |life| life.received() == 12);
    (copy(&disk), life.fed())
}

fn copy(disk: &MemoryDisk) -> MemoryDisk {
    disk.after_power_failure_where(|_| true)
}

/// The checkpoints, the newest first.
fn checkpoints(disk: &MemoryDisk) -> Vec<PathBuf> {
    let names = disk.list("/job".as_ref()).expect("it is there").into_iter().map(|e| e.name);
    let mut names: Vec<PathBuf> = names.map(|name| Path::new("/job").join(name)).collect();
    names.retain(|path| path.to_str().is_some_and(|path| path.contains("checkpoint-")));
    names.sort();
    names.reverse();
    names
}

/// Changes the bytes of a file.
fn change(disk: &MemoryDisk, path: impl AsRef<Path>, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = read(disk, path.as_ref());
    change(&mut bytes);
    disk.put(path, bytes, Time::default());
}

/// The start of the job is refused with a sentence that has all the parts; and nothing is changed.
#[track_caller]
fn refused(disk: &MemoryDisk, parts: &[&str]) {
    refused_with(conf(disk, &ManualClock::at(LATER)), disk, parts);
}

#[track_caller]
fn refused_with(conf: Conf, disk: &MemoryDisk, parts: &[&str]) {
    let before = content(&copy(disk));
    fails_with(conf, parts);
    let mut after = content(&copy(disk));
    // Who may have the directory is asked first, and its file has nothing in it.
    after.retain(|path, bytes| {
        before.contains_key(path) || !path.ends_with("lock") || !bytes.is_empty()
    });
    assert!(after == before, "there are other files than before: {:?}", after.keys());
}

#[track_caller]
fn fails_with(conf: Conf, parts: &[&str]) {
    let started = Life::with(conf, ManualClock::at(LATER), 1);
    let sentence = started.err().expect("it is refused").to_string();
    for part in parts {
        assert!(sentence.contains(part), "{part:?} is missing: {sentence}");
    }
}

#[test]
fn a_damaged_log_is_refused_with_the_byte() {
    let (disk, _) = died();
    for log in [BLOCKS, BATCHES] {
        let disk = copy(&disk);
        let middle = read(&disk, log.as_ref()).len() / 2;
        change(&disk, log, |bytes| bytes[middle] ^= 1);
        refused(&disk, &[log, "is damaged at byte", "nothing was changed", "bring back a copy"]);
    }
}

#[test]
fn a_log_that_was_cut_or_is_gone_is_refused() {
    let (disk, _) = died();
    for log in [BLOCKS, BATCHES] {
        let cut = copy(&disk);
        change(&cut, log, |bytes| bytes.truncate(bytes.len() / 3));
        refused(&cut, &["/job", "bring", "back"]);
        let gone = copy(&disk);
        gone.remove(log.as_ref()).expect("it is there");
        refused(&gone, &["/job", "bring it back"]);
    }
}

#[test]
fn a_damaged_checkpoint_is_passed_over_and_two_are_refused() {
    let (disk, fed) = died();
    let [newest, before] = <[PathBuf; 2]>::try_from(checkpoints(&disk)).expect("two are kept");
    change(&disk, &newest, |bytes| bytes[100] ^= 1);
    goes_on(&copy(&disk), LATER, &[fed], &[fed]);
    change(&disk, &before, |bytes| bytes.truncate(200));
    let (newest, before) = (newest.to_str().unwrap(), before.to_str().unwrap());
    refused(&disk, &[newest, before, "is damaged at byte", "nothing was changed"]);
}

#[test]
fn files_of_another_version_are_refused_with_both() {
    let (disk, _) = died();
    let newest = checkpoints(&disk).swap_remove(0);
    for file in [Path::new(IDENTITY), Path::new(BLOCKS), Path::new(BATCHES), &newest] {
        let disk = copy(&disk);
        change(&disk, file, |bytes| {
            bytes[4..6].copy_from_slice(&7u16.to_le_bytes());
            let crc = crc32fast::hash(&bytes[..28]);
            bytes[28..32].copy_from_slice(&crc.to_le_bytes());
        });
        refused(&disk, &[file.to_str().unwrap(), "version 7", "version 1", "nothing was changed"]);
    }
}

#[test]
fn the_directory_of_another_job_is_refused_with_both_names() {
    let (disk, _) = died();
    let mut other = Conf::new("others").disk(disk.clone());
    other = other.clock(ManualClock::at(LATER)).write_ahead_log(true);
    let parts = ["/job/identity belongs to the job \"counts\", not to \"others\"", "directory"];
    refused_with(other.warnings_on_stderr(false), &disk, &parts);
    // A file of another directory of a job of the same name.
    let (elsewhere, _) = died();
    disk.put(BATCHES, read(&elsewhere, BATCHES.as_ref()), Time::default());
    refused(&disk, &[BATCHES, "nothing was changed"]);
}

#[test]
fn without_its_identity_it_is_refused() {
    let (disk, _) = died();
    disk.remove(IDENTITY.as_ref()).expect("it is there");
    refused(&disk, &["/job", "\"identity\"", "bring it back, or give the job another directory"]);
}

#[test]
fn a_job_that_does_not_go_on_refuses_what_another_has_left() {
    let (disk, fed) = died();
    let before = content(&disk);
    let conf = conf(&disk, &ManualClock::at(LATER));
    let ssc = StreamingContext::new(conf, secs(1)).unwrap();
    ssc.checkpoint("/job");
    let started = ssc.start(|s| crate::job::described(s, &millstream::Queue::new()));
    let sentence = started.err().expect("it is refused").to_string();
    let parts = ["/job, in which a job has left off", "StreamingContext::get_or_create"];
    assert!(parts.iter().all(|part| sentence.contains(part)), "{sentence}");
    for (path, bytes) in before {
        assert_eq!(read(&disk, &path), bytes, "{} is another one", path.display());
    }
    goes_on(&disk, LATER, &[fed], &[fed]);
}

#[test]
fn a_full_disk_at_the_start_is_refused() {
    for (disk, fed) in [died(), (MemoryDisk::default(), Fed::default())] {
        disk.interfere(|call, _| match call {
            Call::Write | Call::CreateNew | Call::CreateDirectory => {
                Err(ErrorKind::StorageFull.into())
            }
            _ => Ok(()),
        });
        refused(&disk, &["/job", "no storage space; make room there"]);
        disk.interfere(|_, _| Ok(()));
        goes_on(&disk, LATER, &[fed], &[fed]);
    }
}

#[test]
fn a_directory_that_may_only_be_read_is_refused() {
    for (disk, fed) in [died(), (MemoryDisk::default(), Fed::default())] {
        disk.interfere(|call, _| match call {
            Call::Read | Call::List | Call::Metadata | Call::SyncDirectory | Call::Sync => Ok(()),
            _ => Err(ErrorKind::ReadOnlyFilesystem.into()),
        });
        refused(&disk, &["/job", "let this process write there"]);
        disk.interfere(|_, _| Ok(()));
        goes_on(&disk, LATER, &[fed], &[fed]);
    }
}

#[test]
fn a_file_in_its_place_is_refused() {
    let disk = MemoryDisk::default();
    disk.put("/job", "mine", Time::default());
    refused(&disk, &["the checkpoint directory is /job, which is a file; it must be"]);
    let disk = MemoryDisk::default();
    disk.put("/job/blocks", "mine", Time::default());
    refused(&disk, &["/job has \"blocks\" in it and no \"identity\""]);
}

#[test]
fn a_directory_that_is_lost_ends_the_job_which_goes_on_when_it_is_back() {
    let disk = MemoryDisk::default();
    let mut life = Life::start(&disk, ManualClock::at(START), 0).unwrap();
    assert_eq!(life.batch(2, 1), Waited::Done);
    disk.rename("/job".as_ref(), "/away".as_ref()).unwrap();
    let Waited::Failed(sentence) = life.batch(2, 0) else { panic!("nothing was noticed") };
    let parts = ["/job is gone, or another one is in its place", "start it again when"];
    assert!(parts.iter().all(|part| sentence.contains(part)), "{sentence}");
    life.stop(Stop::Graceful);
    let received = life.received();
    disk.rename("/away".as_ref(), "/job".as_ref()).unwrap();
    let kept = Fed { socket: received, queue: 1 };
    goes_on(&disk, LATER, &[life.fed()], &[kept]);
}

/// The files of the directory with their content.
fn content_of_job(disk: &MemoryDisk) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = content(disk);
    files.retain(|path, _| path.starts_with("/job"));
    files
}

#[test]
fn without_the_log_it_is_the_next_checkpoint_that_finds_another_directory_in_its_place() {
    let (disk, clock) = (MemoryDisk::default(), ManualClock::at(START));
    Life::start(&disk, clock.clone(), 0).unwrap().stop(Stop::Graceful);
    disk.rename("/job".as_ref(), "/others".as_ref()).unwrap();
    let mut life =
        Life::with(conf(&disk, &clock).write_ahead_log(false), clock.clone(), 1).unwrap();
    assert_eq!(life.batch(0, 0), Waited::Done);
    disk.rename("/job".as_ref(), "/away".as_ref()).unwrap();
    disk.rename("/others".as_ref(), "/job".as_ref()).unwrap();
    let before = content_of_job(&disk);
    // One of these has a checkpoint, and the next hears what has become of it.
    let failed = (0..4).find_map(|_| match life.batch(0, 0) {
        Waited::Failed(sentence) => Some(sentence),
        _ => None,
    });
    let sentence = failed.expect("it is noticed");
    assert!(sentence.contains("/job is gone, or another one is in its place"), "{sentence}");
    assert!(content_of_job(&disk) == before, "nothing was written to the other one");
}

#[test]
fn two_jobs_do_not_have_one_directory() {
    let disk = MemoryDisk::default();
    let mut life = Life::start(&disk, ManualClock::at(START), 0).unwrap();
    assert_eq!(life.batch(2, 1), Waited::Done);
    let parts = [
        "/job is in use: another process holds /job/lock",
        "a millstream-replica",
        "stop that one",
    ];
    fails_with(conf(&disk, &life.clock), &parts);
    assert_eq!(life.batch(2, 1), Waited::Done, "the one that has it goes on");
    life.stop(Stop::Graceful);
    goes_on(&disk, LATER, &[life.fed()], &[life.fed()]);
}

// ---- another process ----

/// Where the child has its directory.
const PLACE: &str = "MILLSTREAM_RECOVERY_PLACE";

fn start_in(place: &Path) -> millstream::Result<Running> {
    let conf = Conf::new("held").parallelism(1).disk(RealDisk).warnings_on_stderr(false);
    let made = || StreamingContext::new(conf.clock(ManualClock::at(START)), secs(1));
    StreamingContext::get_or_create(place, made)?.start(|s| {
        s.queue_stream([vec![1]]).count().for_each_rdd(|_, _| {});
        Ok(())
    })
}

#[test]
#[ignore = "holds a directory until it is killed: run by the test below"]
fn role_of_the_child() {
    let place = std::env::var_os(PLACE).expect("the parent says where");
    let running = start_in(place.as_ref()).expect("nobody else has it");
    println!("it is held");
    running.await_termination().expect("nothing fails");
}

#[test]
fn another_process_keeps_it_until_it_dies() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("job");
    let mut child = child_in(&place);
    let out = BufReader::new(child.stdout.take().expect("it is piped"));
    let held = out.lines().map_while(Result::ok).any(|line| line.contains("it is held"));
    assert!(held, "the child ends before it has the directory");
    let sentence = start_in(&place).err().expect("it is refused").to_string();
    assert!(sentence.contains("job is in use: another process holds"), "{sentence}");
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    start_in(&place).expect("nobody has it").stop(Stop::Graceful).unwrap();
}

fn child_in(place: &Path) -> Child {
    let name = "bad_directory::role_of_the_child";
    let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
    command.args(["--exact", name, "--ignored", "--nocapture"]).env(PLACE, place);
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it can be started")
}
