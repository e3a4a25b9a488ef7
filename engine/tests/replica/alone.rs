//! What the job has written while the link was down is damaged before the replica is back: nothing of it is
//! acknowledged, and the job ends.

use std::path::{Path, PathBuf};

use millstream::disk::{Disk, MemoryDisk};
use millstream::{Stop, Time, millis, secs};

use crate::going_on::{content, read};
use crate::job::{DIRECTORY, HELD_BACK, Life, Waited};
use crate::oracle::Outputs;
use crate::pair::{COPY, Pair, START, copy_of, life, replica_of};
use crate::proxy::Proxy;

/// How many lines were acknowledged before the link went down.
const ACKNOWLEDGED: u64 = 2;

/// A job that has logged lines which its replica does not have, and waits for that.
struct Waiting {
    here: MemoryDisk,
    there: MemoryDisk,
    proxy: Proxy,
    life: Life,
}

impl Waiting {
    fn new() -> Waiting {
        let Pair { here, there, replica } = Pair::new();
        let proxy = Proxy::to(replica.address());
        let mut life = life(&here, proxy.address, START, 0).expect("the disks work");
        assert_eq!(life.batch(ACKNOWLEDGED, 1), Waited::Done);
        drop(replica);
        life.feed(3, 0);
        life.clock.advance(millis(200));
        life.wait_until("a sentence", |life| !life.ear.warnings(HELD_BACK).is_empty());
        assert_eq!(life.received(), ACKNOWLEDGED);
        Waiting { here, there, proxy, life }
    }

    /// The replica comes back, and the job ends with a sentence that names the file.
    fn ends(&self, file: &Path) -> String {
        let replica = replica_of(&self.there);
        self.proxy.lead_to(replica.address());
        self.life.wait_until("the end", |life| life.failed().is_some());
        let sentence = self.life.failed().expect("it has failed");
        let place = file.display().to_string();
        assert!(sentence.contains(&place) && sentence.contains("is damaged at"), "{sentence}");
        assert!(sentence.contains("start the job again"), "{sentence}");
        self.life.stop(Stop::Now);
        assert_eq!(self.life.received(), ACKNOWLEDGED, "{:?}", self.life.ear.warnings(""));
        sentence
    }
}

/// The last file of the log of blocks.
fn last_log(disk: &MemoryDisk, directory: &str) -> PathBuf {
    let blocks = Path::new(directory).join("blocks");
    content(disk).into_keys().rfind(|path| path.starts_with(&blocks)).expect("there is a log")
}

fn put(disk: &MemoryDisk, file: &Path, bytes: &[u8]) {
    disk.put(file, bytes, Time::default());
}

#[test]
fn what_was_written_alone_and_is_damaged_is_not_acknowledged() {
    for damage in ["flipped", "cut in a frame", "cut where the replica ends"] {
        let waiting = Waiting::new();
        let Waiting { here, there, .. } = &waiting;
        let file = last_log(here, DIRECTORY);
        let (mut bytes, has) = (read(here, &file), read(there, &last_log(there, COPY)).len());
        assert!(bytes.len() > has + 60, "{} bytes, and {has} there", bytes.len());
        match damage {
            "flipped" => bytes[has + 40] ^= 1,
            "cut in a frame" => bytes.truncate(has + 10),
            _ => bytes.truncate(has),
        }
        put(here, &file, &bytes);
        waiting.ends(&file);
        // What was acknowledged is there, and the next start has it.
        let (here, there) = (copy_of(here), copy_of(there));
        let fed = waiting.life.fed();
        drop(waiting);
        let pair = Pair::of(here, there);
        let mut again = pair.start_at(START + secs(10), 1).expect(damage);
        assert_eq!(again.batch(2, 1), Waited::Done);
        assert!(again.stop(Stop::Graceful).drained);
        let found = Outputs::on(&pair.here).check(&[fed, again.fed()]);
        assert!(found[0].socket >= ACKNOWLEDGED && found[1] == again.fed(), "{found:?}");
    }
}

#[test]
fn what_is_damaged_here_and_lost_there_is_not_sent() {
    let waiting = Waiting::new();
    let file = last_log(&waiting.here, DIRECTORY);
    let mut bytes = read(&waiting.here, &file);
    // Its first frame: it was acknowledged, and no replica has it any more.
    let first = bytes.windows(4).skip(1).position(|at| at == b"\xf5mlf").expect("it has one") + 1;
    bytes[first + 33] ^= 1;
    put(&waiting.here, &file, &bytes);
    waiting.there.remove_directory(COPY.as_ref()).expect("it is there");
    let sentence = waiting.ends(&file);
    assert!(sentence.contains(&format!("at byte {first}:")), "{sentence}");
    assert!(!content(&waiting.there).keys().any(|path| path.ends_with("lives")), "it is no copy");
}

#[test]
fn a_frame_of_the_open_file_that_is_damaged_in_both_copies_ends_the_job() {
    let waiting = Waiting::new();
    let files = [(&waiting.here, DIRECTORY), (&waiting.there, COPY)].map(|(disk, directory)| {
        (disk, last_log(disk, directory), if directory == COPY { 34 } else { 33 })
    });
    for (disk, file, at) in &files {
        let mut bytes = read(disk, file);
        let first = bytes.windows(4).skip(1).position(|at| at == b"\xf5mlf").expect("it has one");
        bytes[first + 1 + at] ^= 1;
        put(disk, file, &bytes);
    }
    let before = read(&waiting.there, &files[1].1);
    waiting.ends(&files[0].1);
    assert_eq!(read(&waiting.there, &files[1].1), before);
}
