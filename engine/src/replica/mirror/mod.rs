//! A disk of which one directory is mirrored at a replica: what is done to the durable files in it is done there too,
//! and what is to be durable is so in both copies.

mod away;
mod broken;
mod doing;
mod link;
mod lives;
mod ours;
mod session;
mod sides;
mod slow;
mod starts;
mod together;
mod unite;
mod written;

use std::io::{self, ErrorKind, IoSlice, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;

pub(crate) use self::link::Hooks;
use self::link::Link;
use self::session::Dial;
use self::slow::Slow;
use super::at_it::SIGNS_OF_LIFE;
use super::message::Request;
use super::name::{directory_of, is_path};
use crate::conf::ReplicaAt;
use crate::directory::Life;
use crate::disk::{AnyDisk, DiskFile, Entry, Metadata, Scratch};
use crate::error::{Error, Result};
use crate::threads::EngineThread;
use crate::time;

/// The second copy of a job's directory, and the link to it.
pub(crate) struct Mirror {
    link: Mutex<Link>,
    disk: Arc<dyn AnyDisk>,
    directory: PathBuf,
    /// Nothing is ever sent: the thread that keeps the link alive ends with it.
    _alive: Sender<()>,
}

impl Mirror {
    /// Brings the directory of a job and its copy together, and mirrors it from then on. Nobody else may have it.
    /// Also answers what was found, in sentences.
    pub(crate) fn open(
        at: &ReplicaAt,
        limit: time::Duration,
        (disk, directory): (Arc<dyn AnyDisk>, &Path),
        job: &str,
        hooks: Hooks,
    ) -> Result<(Arc<Mirror>, Vec<String>)> {
        let name = directory_of(job).ok_or_else(|| Error::Setting {
            setting: "the job's name",
            got: format!("{job:?}"),
            want: "1 to 200 bytes long to name a directory at a replica, where each that is no letter, digit, _ \
                   or - counts three times"
                .to_owned(),
        })?;
        let dial = Dial {
            address: at.address.clone(),
            token: at.token()?,
            directory: name,
            silence: limit.to_std(),
            slow: Arc::new(Slow::new(at.address.clone(), hooks.warn.clone(), hooks.meanwhile())),
        };
        let sign_after = dial.silence / SIGNS_OF_LIFE;
        let mut link = Link::new(dial, disk.clone(), directory.to_owned(), job.to_owned(), hooks);
        let found = link.reach()?;
        let (alive, ended) = channel();
        let directory = directory.to_owned();
        let mirror = Arc::new(Mirror { link: Mutex::new(link), disk, directory, _alive: alive });
        let weak = Arc::downgrade(&mirror);
        EngineThread::spawn("mirror".into(), move || keep_alive(&weak, &ended, sign_after))
            .map_err(|e| Error::io("no thread could be started for the replica", &e))?;
        Ok((mirror, found))
    }

    /// Whether a wait for the replica was given up, because the job had to stop.
    pub(crate) fn gave_up(&self) -> bool {
        self.link.lock().gave_up
    }

    /// Hears which start this is, before it is noted in the directory: where another one is noted there, it has gone on
    /// from the replica's copy.
    pub(crate) fn lives(&self, life: Life) {
        self.link.lock().lives(life);
    }

    /// Fails where another start has gone on from the replica's copy: nothing is to be written any more.
    fn still_on(&self) -> io::Result<()> {
        self.link.lock().still_on().map_err(io::Error::other)
    }

    /// The disk that the job writes to.
    pub(crate) fn disk(self: &Arc<Self>) -> Arc<dyn AnyDisk> {
        Arc::new(Mirrored(self.clone()))
    }

    /// The path at the replica, if it is one that is mirrored.
    fn path_there<'p>(&self, path: &'p Path) -> Option<&'p str> {
        let path = path.strip_prefix(&self.directory).ok()?.to_str()?;
        is_path(path).then_some(path)
    }
}

/// Gives signs of life, where nothing else does.
fn keep_alive(mirror: &Weak<Mirror>, ended: &Receiver<()>, after: Duration) {
    while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(after) {
        let Some(mirror) = mirror.upgrade() else { return };
        if let Some(mut link) = mirror.link.try_lock() {
            link.ping(after);
        }
    }
}

/// The disk with the mirrored directory.
///
/// What is done here and told over the link is not done under one lock: between the two somebody else could do
/// something to the same file, which the replica would then hear of in another order, and a file that is brought
/// together could be appended to after it was read and before it is known what was appended. Nobody does, because
/// one thread, the writer, writes all durable files, and before it runs the one that starts the job; the thread that
/// keeps the link alive writes none.
struct Mirrored(Arc<Mirror>);

impl Mirrored {
    fn here(&self) -> &dyn AnyDisk {
        &*self.0.disk
    }

    /// Has the same done there, where the path is mirrored.
    fn there(&self, path: &Path, act: impl FnOnce(&mut Link, &str)) {
        if let Some(path) = self.0.path_there(path) {
            act(&mut self.0.link.lock(), path);
        }
    }
}

impl AnyDisk for Mirrored {
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.0.still_on()?;
        let here = self.here().create_new(path)?;
        let Some(there) = self.0.path_there(path) else { return Ok(here) };
        let number = self.0.link.lock().created(there);
        Ok(Box::new(MirroredFile { here, number, mirror: self.0.clone() }))
    }

    fn read_at_most(&self, path: &Path, most_bytes: u64) -> io::Result<Vec<u8>> {
        self.here().read_at_most(path, most_bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.still_on()?;
        self.here().rename(from, to)?;
        if let Some(to) = self.0.path_there(to) {
            self.there(from, |link, from| link.renamed(from, to));
        }
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.here().remove(path)?;
        self.there(path, |link, path| link.removed(path));
        Ok(())
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.here().create_directory(path)?;
        self.there(path, |link, path| link.made_directory(path));
        Ok(())
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        match self.0.path_there(path) {
            // No durable file goes with others at once.
            Some(_) => Err(ErrorKind::Unsupported.into()),
            None => self.here().remove_directory(path),
        }
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<Entry>> {
        self.here().list(directory)
    }

    fn metadata(&self, path: &Path) -> io::Result<Metadata> {
        self.here().metadata(path)
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        let path = match directory == self.0.directory {
            true => Some(""),
            false => self.0.path_there(directory),
        };
        let Some(path) = path else { return self.here().sync_directory(directory) };
        let request = Request::SyncDirectory { path: path.to_owned() };
        let asked = self.0.link.lock().ask(&request);
        self.here().sync_directory(directory)?;
        self.0.link.lock().settle_names(path, asked)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>> {
        self.here().lock(path)
    }

    fn scratch(&self, directory: &Path) -> io::Result<Box<dyn Scratch>> {
        // What is gone with the process needs no second copy.
        self.here().scratch(directory)
    }
}

/// A file in both copies.
struct MirroredFile {
    here: Box<dyn DiskFile>,
    number: u64,
    mirror: Arc<Mirror>,
}

impl Write for MirroredFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.mirror.still_on()?;
        let bytes = self.here.write_vectored(parts)?;
        self.mirror.link.lock().appended(self.number, parts, bytes);
        Ok(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.here.flush()
    }
}

impl DiskFile for MirroredFile {
    /// The replica syncs its copy while this one is synced.
    fn sync(&mut self) -> io::Result<()> {
        let asked = self.mirror.link.lock().ask(&Request::Sync { file: self.number });
        self.here.sync()?;
        self.mirror.link.lock().settle(asked)
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        self.here.is_at(path)
    }
}

impl Drop for MirroredFile {
    fn drop(&mut self) {
        self.mirror.link.lock().closed(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::Conf;
    use crate::disk::{Call, Disk, MemoryDisk, Unsynced};
    use crate::replica::{Replica, ReplicaSettings};
    use crate::time::{millis, secs};

    const TOKEN: &str = "0123456789-secret";

    /// A disk on which `/job` is mirrored at a replica, and has a directory for blocks.
    struct Pair {
        disk: Arc<dyn AnyDisk>,
        here: MemoryDisk,
        _mirror: Arc<Mirror>,
        _replica: Replica,
    }

    impl Pair {
        /// Either may be silent for `limit`.
        fn of(settings: ReplicaSettings, limit: time::Duration, warn: fn(String)) -> Pair {
            let here = MemoryDisk::default();
            let replica = settings.listen("127.0.0.1:0").unwrap();
            let at = Conf::new("j").replica(replica.address().to_string(), TOKEN).replica.unwrap();
            Disk::create_directory(&here, "/job".as_ref()).unwrap();
            let hooks = Hooks {
                warn: Arc::new(warn),
                is_starting: Box::new(|| false),
                given_up: Box::new(|| false),
                is_logged: true,
            };
            let place = (Arc::new(here.clone()) as Arc<dyn AnyDisk>, Path::new("/job"));
            let (mirror, found) = Mirror::open(&at, limit, place, "j", hooks).unwrap();
            assert_eq!(found, Vec::<String>::new());
            let disk = mirror.disk();
            disk.create_directory("/job/blocks".as_ref()).unwrap();
            Pair { disk, here, _mirror: mirror, _replica: replica }
        }
    }

    /// The settings of a replica that keeps its copies, `/copies/j`, on this disk.
    fn replica_on(there: &MemoryDisk) -> ReplicaSettings {
        Replica::settings("/copies", TOKEN).disk(there.clone())
    }

    #[test]
    fn writes_of_any_length_in_any_parts_come_to_the_same() {
        let there = MemoryDisk::default();
        let pair = Pair::of(replica_on(&there), secs(10), |sentence| panic!("{sentence}"));
        // One takes half of what it is given, now and then, as a full disk does.
        pair.here.shorten_writes(|_, bytes| if bytes % 3 == 0 { bytes.div_ceil(2) } else { bytes });
        let path = Path::new("blocks/0000000000.log");
        let mut file = pair.disk.create_new(&Path::new("/job").join(path)).unwrap();
        let content: Vec<u8> = (0..5 << 20).map(|n: u32| (n ^ (n >> 9)) as u8).collect();
        let lengths = [0, 1, 17, 1 << 20, (1 << 20) - 16, (1 << 20) + 1, 3 << 19, 5];
        let mut rest = &content[..];
        for first in 0..lengths.len() {
            let mut parts = Vec::new();
            for length in lengths.into_iter().cycle().skip(first).take(3) {
                let part = &rest[parts.iter().map(|part: &IoSlice<'_>| part.len()).sum()..];
                parts.push(IoSlice::new(&part[..length.min(part.len())]));
            }
            let written = file.write_vectored(&parts).unwrap();
            rest = &rest[written..];
        }
        file.sync().unwrap();
        let ours = Disk::read(&pair.here, &Path::new("/job").join(path)).unwrap();
        let theirs =
            there.after_power_failure_where(|unsynced| matches!(unsynced, Unsynced::Name(_)));
        let theirs = Disk::read(&theirs, &Path::new("/copies/j").join(path)).unwrap();
        assert_eq!(ours.len(), content.len() - rest.len());
        assert!(ours.len() > 3 << 20 && ours == content[..ours.len()] && theirs == ours);
    }

    #[test]
    fn a_file_that_is_removed_while_it_is_open_is_closed_there_too() {
        let there = MemoryDisk::default();
        let pair = Pair::of(replica_on(&there), secs(10), |sentence| panic!("{sentence}"));
        // As `publish` does where there is no room for what it writes.
        let path = Path::new("/job/blocks/0000000001.log.tmp");
        for _ in 0..40 {
            let mut file = pair.disk.create_new(path).unwrap();
            file.write_all(b"what finds no room").unwrap();
            pair.disk.remove(path).unwrap();
        }
        pair.disk.sync_directory("/job".as_ref()).unwrap();
    }

    #[test]
    fn who_waits_for_room_to_write_hears_that_the_replica_is_at_it() {
        let there = MemoryDisk::default();
        there.interfere(|call, _| {
            if call == Call::Write {
                std::thread::sleep(millis(300).to_std());
            }
            Ok(())
        });
        let sessions = Arc::new(Mutex::new(0));
        let counted = sessions.clone();
        let settings = replica_on(&there).on_event(move |event| {
            *counted.lock() += usize::from(event.contains("has the directory"));
        });
        let pair = Pair::of(settings, millis(200), |_| {});
        let path = Path::new("blocks/0000000000.log");
        let mut file = pair.disk.create_new(&Path::new("/job").join(path)).unwrap();
        // More than the system takes in for who does not read.
        file.write_all(&vec![7; 16 << 20]).unwrap();
        file.sync().unwrap();
        assert_eq!(Disk::read(&there, &Path::new("/copies/j").join(path)).unwrap().len(), 16 << 20);
        assert_eq!(*sessions.lock(), 1);
    }
}
