//! What a session does with the directory that it has: files are made, appended to, synced, renamed, removed.

use std::collections::{HashMap, HashSet};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::lengths::Lengths;
use crate::directory::{LIVES, Life, Lives};
use crate::disk::{
    AnyDisk, DiskFile, EntryKind, TEMPORARY, failed, is_damage, make_directory_durably,
};
use crate::error::Error;
use crate::frame::Begin;
use crate::replica::message::{Like, Reason};
use crate::replica::name::{LOCK, MOST_FILES, is_path};

/// How many files a session may have open.
const MOST_OPEN: usize = 16;

/// Why a request was not carried out.
pub(super) type Refusal = (Reason, String);

/// The directory of a job, which nobody else has meanwhile.
pub(super) struct Store {
    disk: Arc<dyn AnyDisk>,
    directory: PathBuf,
    open: HashMap<u64, Open>,
    lengths: Lengths,
    /// The files that the session has listed, or made; no other one may be replaced.
    known: HashSet<String>,
    most_bytes: u64,
    #[expect(dead_code, reason = "held for its drop")]
    lock: Box<dyn Send + Sync>,
}

struct Open {
    file: Box<dyn DiskFile>,
    path: String,
}

impl Store {
    /// Takes a directory for the start `life`, where that is known; makes it where it is missing, and removes what was
    /// left half written. Where another start has gone on from it, that is what is said, whoever has it now.
    pub(super) fn open(
        disk: Arc<dyn AnyDisk>,
        directory: PathBuf,
        most_bytes: u64,
        life: Option<Life>,
    ) -> Result<Store, Refusal> {
        make_directory_durably(&*disk, &directory).map_err(refusal)?;
        let lock = directory.join(LOCK);
        let lock = disk.lock(&lock);
        if let Some(life) = life {
            was_not_gone_on_without(&*disk, &directory, life)?;
        }
        let lock = lock.map_err(|e| match e.kind() {
            ErrorKind::WouldBlock => in_use(&directory),
            _ => refused("locking", &directory.join(LOCK), &e),
        })?;
        let mut store = Store {
            disk,
            directory,
            open: HashMap::new(),
            lengths: Lengths::default(),
            known: HashSet::new(),
            most_bytes,
            lock,
        };
        store.look("")?;
        Ok(store)
    }

    /// Notes the files of a directory, and of those in it.
    fn look(&mut self, within: &str) -> Result<(), Refusal> {
        let directory = self.directory.join(within);
        let entries = self.disk.list(&directory);
        for entry in entries.map_err(|e| refused("listing", &directory, &e))? {
            // What no job has made is left alone.
            let Some(name) = entry.name.to_str() else { continue };
            let path = if within.is_empty() { name.to_owned() } else { format!("{within}/{name}") };
            if !is_path(&path) {
                continue;
            }
            match entry.metadata.kind {
                EntryKind::Directory if within.is_empty() => self.look(&path)?,
                EntryKind::File if path.ends_with(TEMPORARY) => {
                    let left = self.directory.join(&path);
                    self.disk.remove(&left).map_err(|e| refused("removing", &left, &e))?;
                }
                EntryKind::File => self.lengths.set(path, entry.metadata.length),
                _ => {}
            }
        }
        Ok(())
    }

    /// The paths of the files that there are.
    pub(super) fn list(&mut self) -> Vec<String> {
        let paths: Vec<String> = self.lengths.paths().cloned().collect();
        self.known.extend(paths.iter().cloned());
        paths
    }

    pub(super) fn read(&self, path: &str) -> Result<Vec<u8>, Refusal> {
        let file = self.place(path)?;
        self.disk.read_at_most(&file, u64::MAX).map_err(|e| refused("reading", &file, &e))
    }

    /// The content of a file; none where the disk cannot give it back.
    pub(super) fn read_undamaged(&self, path: &str) -> Result<Option<Vec<u8>>, Refusal> {
        let file = self.place(path)?;
        match self.disk.read_at_most(&file, u64::MAX) {
            Err(e) if is_damage(&e) => Ok(None),
            read => read.map(Some).map_err(|e| refused("reading", &file, &e)),
        }
    }

    pub(super) fn create(
        &mut self,
        file: u64,
        path: String,
        like: Option<&Like>,
    ) -> Result<(), Refusal> {
        let place = self.place(&path)?;
        let begins = like.map(|Like { path, bytes }| self.beginning(path, *bytes)).transpose()?;
        if self.open.len() >= MOST_OPEN || self.open.contains_key(&file) {
            return Err(misfit(format!("file {file} is open, or {MOST_OPEN} others are")));
        }
        if self.lengths.files() >= MOST_FILES {
            let sentence = format!("{} has {MOST_FILES} files", self.directory.display());
            return Err((Reason::NoRoom, sentence));
        }
        let made = self.disk.create_new(&place).map_err(|e| refused("making", &place, &e))?;
        self.known.insert(path.clone());
        self.lengths.set(path.clone(), 0);
        self.open.insert(file, Open { file: made, path });
        begins.map_or(Ok(()), |begins| self.append(file, 0, &begins))
    }

    /// The first `bytes` of a file.
    fn beginning(&self, path: &str, bytes: u64) -> Result<Vec<u8>, Refusal> {
        let place = self.place(path)?;
        let begins = self.disk.read_at_most(&place, bytes);
        let begins = begins.map_err(|e| refused("reading", &place, &e))?;
        match begins.len() as u64 == bytes {
            true => Ok(begins),
            false => Err(misfit(format!("{path} has no {bytes} bytes"))),
        }
    }

    pub(super) fn append(&mut self, file: u64, offset: u64, bytes: &[u8]) -> Result<(), Refusal> {
        let Store { open, lengths, directory, most_bytes, .. } = self;
        let Open { file, path } = open.get_mut(&file).ok_or_else(|| not_open(file))?;
        let (length, longer) = (lengths.of(path), lengths.of(path) + bytes.len() as u64);
        if offset != length {
            return Err(misfit(format!("{path} has {length} bytes, and {offset} were expected")));
        }
        if lengths.bytes_with(path, longer) > *most_bytes {
            return Err(too_many_bytes(directory, *most_bytes));
        }
        let place = directory.join(&*path);
        file.write_all(bytes).map_err(|e| refused("writing", &place, &e))?;
        lengths.set(path.clone(), longer);
        Ok(())
    }

    /// Makes a file durable, under its name. Where the sync fails it is removed: nobody knows what of it is on the
    /// disk, and who looks later would be told what the system believes.
    pub(super) fn sync(&mut self, file: u64) -> Result<(), Refusal> {
        let open = self.open.get_mut(&file).ok_or_else(|| not_open(file))?;
        let place = self.directory.join(&open.path);
        let Err(e) = open.file.sync() else { return is_in_place(&*open.file, &place) };
        let (reason, mut sentence) = refused("syncing", &place, &e);
        if let Err(e) = self.disk.remove(&place) {
            sentence = format!("{sentence}; and {}", refused("removing", &place, &e).1);
        }
        Err((reason, sentence))
    }

    pub(super) fn close(&mut self, file: u64) {
        self.open.remove(&file);
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> Result<(), Refusal> {
        let (old, new) = (self.place(from)?, self.place(to)?);
        if !self.lengths.has(from) {
            return Err(misfit(format!("{from} is no file")));
        }
        if !self.known.contains(to) && self.disk.metadata(&new).is_ok() {
            let sentence =
                format!("{to} is there, and this session has neither listed nor made it");
            return Err(misfit(sentence));
        }
        self.disk.rename(&old, &new).map_err(|e| refused("renaming", &old, &e))?;
        for open in self.open.values_mut().filter(|open| open.path == from) {
            open.path = to.to_owned();
        }
        let length = self.lengths.of(from);
        self.forget(from);
        self.known.insert(to.to_owned());
        self.lengths.set(to.to_owned(), length);
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &str) -> Result<(), Refusal> {
        let place = self.place(path)?;
        match self.disk.remove(&place) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(refused("removing", &place, &e)),
            _ => {
                // What has no name any more is not written to either.
                self.open.retain(|_, open| open.path != path);
                self.forget(path);
                Ok(())
            }
        }
    }

    pub(super) fn make_directory(&self, path: &str) -> Result<(), Refusal> {
        let place = self.place(path)?;
        match self.disk.create_directory(&place) {
            Err(e) if e.kind() != ErrorKind::AlreadyExists => Err(refused("making", &place, &e)),
            _ => Ok(()),
        }
    }

    pub(super) fn sync_directory(&self, path: &str) -> Result<(), Refusal> {
        let place = if path.is_empty() { self.directory.clone() } else { self.place(path)? };
        self.disk.sync_directory(&place).map_err(|e| refused("syncing", &place, &e))
    }

    fn place(&self, path: &str) -> Result<PathBuf, Refusal> {
        match is_path(path) {
            true => Ok(self.directory.join(path)),
            false => Err(misfit(format!("{path:?} is no path of a job's directory"))),
        }
    }

    pub(super) fn length(&self, path: &str) -> u64 {
        self.lengths.of(path)
    }

    /// What has no name any more is not known either.
    fn forget(&mut self, path: &str) {
        self.known.remove(path);
        self.lengths.forget(path);
    }
}

/// Refuses the start `life`, where another one has gone on from the directory since. Who compares the copies finds it
/// out where the list of starts is damaged, or is none of a job.
fn was_not_gone_on_without(
    disk: &dyn AnyDisk,
    directory: &Path,
    life: Life,
) -> Result<(), Refusal> {
    let file = directory.join(LIVES);
    let content = match disk.read_at_most(&file, u64::MAX) {
        Err(e) if e.kind() == ErrorKind::NotFound || is_damage(&e) => return Ok(()),
        read => Bytes::from(read.map_err(|e| refused("reading", &file, &e))?),
    };
    let lives = Begin::read(&content).map(|found| Lives::read(content, &found.begin, &file));
    match lives {
        Ok(Ok(lives)) if lives.went_on_without(life) => {
            let directory = directory.display();
            Err((Reason::GoneOn, format!("another start has gone on from {directory}")))
        }
        _ => Ok(()),
    }
}

fn in_use(directory: &Path) -> Refusal {
    let sentence = format!(
        "{} is in use: another job of this name, or another start of this one, has it; the name of a job decides \
         which directory it has",
        directory.display()
    );
    (Reason::InUse, sentence)
}

fn too_many_bytes(directory: &Path, most: u64) -> Refusal {
    let sentence = format!(
        "{} may not have more than {most} bytes: give it more (--max-bytes of millstream-replica, \
         ReplicaSettings::max_bytes), or make checkpoints more often",
        directory.display()
    );
    (Reason::NoRoom, sentence)
}

/// Refuses to call a file durable that nobody would find: somebody else has removed it, or put another one in its place.
fn is_in_place(file: &dyn DiskFile, place: &Path) -> Result<(), Refusal> {
    match file.is_at(place) {
        Ok(true) => Ok(()),
        Ok(false) => {
            let place = place.display();
            let sentence = format!(
                "{place} was removed, or another file is in its place, while the job had it"
            );
            Err((Reason::Failed, sentence))
        }
        Err(e) => Err(refused("looking at", place, &e)),
    }
}

fn misfit(sentence: String) -> Refusal {
    (Reason::Protocol, sentence)
}

fn not_open(file: u64) -> Refusal {
    misfit(format!("file {file} is not open"))
}

fn refused(doing: &str, path: &Path, error: &io::Error) -> Refusal {
    refusal(failed(doing, path, error))
}

fn refusal(error: Error) -> Refusal {
    let reason = match error {
        Error::NoRoom { .. } => Reason::NoRoom,
        _ => Reason::Failed,
    };
    (reason, error.to_string())
}

#[cfg(test)]
mod tests {
    use nix::errno::Errno;

    use super::*;

    #[test]
    fn a_lack_of_room_or_of_descriptors_is_told_apart_from_a_failure() {
        let cases = [
            (Errno::ENOSPC, Reason::NoRoom),
            (Errno::EDQUOT, Reason::NoRoom),
            (Errno::EMFILE, Reason::NoRoom),
            (Errno::ENFILE, Reason::NoRoom),
            (Errno::EIO, Reason::Failed),
        ];
        for (errno, expected) in cases {
            let (reason, sentence) = refused("making", Path::new("/copies/job/a"), &errno.into());
            assert_eq!(reason, expected, "{sentence}");
            assert!(sentence.contains("making /copies/job/a failed"), "{sentence}");
        }
    }
}
