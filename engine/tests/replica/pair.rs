//! A job's disk, and that of its replica.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use millstream::disk::MemoryDisk;
use millstream::replica::Replica;
use millstream::{Conf, Duration, ManualClock, Result, Stop, Time, millis, secs};

use crate::going_on::content;
use crate::job::{DIRECTORY, Fed, Life, Waited, conf};
use crate::oracle::Outputs;

pub(crate) const START: Time = Time::from_millis(1_000_000);

pub(crate) const TOKEN: &str = "0123456789-secret";

/// Where the replica has its directories, and the job's among them.
pub(crate) const COPIES: &str = "/copies";
pub(crate) const COPY: &str = "/copies/counts";

/// How long the job waits for its replica, where a test does not wait for just that.
pub(crate) const LIMIT: Duration = secs(2);

/// Two disks, and a replica that has the second.
pub(crate) struct Pair {
    pub(crate) here: MemoryDisk,
    pub(crate) there: MemoryDisk,
    pub(crate) replica: Replica,
}

impl Pair {
    pub(crate) fn new() -> Pair {
        Pair::of(MemoryDisk::default(), MemoryDisk::default())
    }

    pub(crate) fn of(here: MemoryDisk, there: MemoryDisk) -> Pair {
        let replica = replica_of(&there);
        Pair { here, there, replica }
    }

    pub(crate) fn start(&self, number: u64) -> Result<Life> {
        self.start_at(START, number)
    }

    pub(crate) fn start_at(&self, now: Time, number: u64) -> Result<Life> {
        life(&self.here, self.replica.address(), now, number)
    }

    /// Both, as a failure of the power leaves them that takes nothing.
    pub(crate) fn disks(&self) -> (MemoryDisk, MemoryDisk) {
        (copy_of(&self.here), copy_of(&self.there))
    }
}

/// Another disk with all that is on this one.
pub(crate) fn copy_of(disk: &MemoryDisk) -> MemoryDisk {
    disk.after_power_failure_where(|_| true)
}

pub(crate) fn replica_of(there: &MemoryDisk) -> Replica {
    let settings = Replica::settings(COPIES, TOKEN).disk(there.clone());
    settings.listen("127.0.0.1:0").expect("a port is free")
}

/// The settings of the job with a replica.
pub(crate) fn mirrored(here: &MemoryDisk, clock: &ManualClock, replica: SocketAddr) -> Conf {
    conf(here, clock)
        .replica(replica.to_string(), TOKEN)
        .replica_timeout(LIMIT)
        .graceful_stop_timeout(millis(500))
}

pub(crate) fn life(here: &MemoryDisk, replica: SocketAddr, now: Time, number: u64) -> Result<Life> {
    let clock = ManualClock::at(now);
    Life::with(mirrored(here, &clock, replica), clock, number)
}

/// The durable files of a copy, by their paths in it.
pub(crate) fn durable(disk: &MemoryDisk, directory: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let within = |path: PathBuf| path.strip_prefix(directory).ok().map(Path::to_owned);
    let files = content(disk).into_iter().filter_map(|(path, bytes)| Some((within(path)?, bytes)));
    files.filter(|(path, _)| path != Path::new("lock")).collect()
}

/// Both copies have the same files, byte by byte.
pub(crate) fn are_the_same(here: &MemoryDisk, there: &MemoryDisk) {
    let names = |disk, directory| durable(disk, directory).into_keys().collect::<Vec<_>>();
    assert_eq!(names(here, DIRECTORY), names(there, COPY));
    all_is_in(here, there);
}

/// The second copy has all that the first one has. A file that is needed no more may be there a little longer.
pub(crate) fn all_is_in(here: &MemoryDisk, there: &MemoryDisk) {
    let (here, there) = (durable(here, DIRECTORY), durable(there, COPY));
    assert!(here.len() >= 4, "{:?}", here.keys());
    for (path, bytes) in &here {
        assert!(there.get(path) == Some(bytes), "{} is another one", path.display());
    }
    let more: Vec<_> = there.keys().filter(|path| !here.contains_key(*path)).collect();
    let is_checkpoint = |path: &&PathBuf| path.to_string_lossy().starts_with("checkpoint-");
    assert!(more.len() <= 1 && more.iter().all(is_checkpoint), "{more:?}");
}

/// Goes on for a batch, and everything that was fed is there, once.
pub(crate) fn goes_on(pair: &Pair, now: Time, fed: &[Fed]) -> Life {
    let number = fed.len() as u64;
    let mut life = pair.start_at(now, number).expect("it goes on");
    assert_eq!(life.batch(2, 1), Waited::Done);
    assert!(life.stop(Stop::Graceful).drained);
    let outputs = Outputs::on(&pair.here);
    outputs.is_complete();
    let all = [fed, &[life.fed()]].concat();
    assert_eq!(outputs.check(&all), all);
    life
}
