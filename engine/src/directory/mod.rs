//! The directory of a job's durable files: who may have it, and whose it is.
//!
//! `docs/durable-files.md` says what lies in it.

mod lives;
mod numbered;

use std::hash::{BuildHasher, RandomState};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use lives::{Life, LifeId, Lives};
pub(crate) use numbered::{Found, Numbered};

use crate::disk::{
    AnyDisk, DiskFile, EntryKind, failed, make_directory, make_directory_durably, publish,
};
use crate::error::{Error, Result};
use crate::frame::{Begin, Beginning, MOST_BEGIN_BYTES};
use crate::random::drawn;

/// The log of what receivers have received.
pub(crate) const BLOCKS: &str = "blocks";

/// The log of batches.
pub(crate) const BATCHES: &str = "batches";

/// States and windows, in files that lie in the directory itself.
pub(crate) const CHECKPOINT: &str = "checkpoint";

const LOCK: &str = "lock";
/// Whose the directory is.
pub(crate) const IDENTITY: &str = "identity";

/// Which starts have gone on from it.
pub(crate) const LIVES: &str = "lives";

/// What the name of a job may have, for the first frame of a file to stay short.
const MOST_JOB_BYTES: usize = 4 << 10;

/// A directory that this process has to itself, until this is dropped.
pub(crate) struct Directory {
    disk: Arc<dyn AnyDisk>,
    path: PathBuf,
    job: String,
    /// Drawn when it was made, so that there is no other of this number.
    number: u64,
    #[expect(dead_code, reason = "held for its drop")]
    lock: Box<dyn Send + Sync>,
}

/// A directory that this process has to itself, of which nothing has been read.
pub(crate) struct Taken {
    disk: Arc<dyn AnyDisk>,
    path: PathBuf,
    job: String,
    lock: Box<dyn Send + Sync>,
}

impl Taken {
    /// Takes the directory at `path` for a job; makes it where it is missing.
    pub(crate) fn take(disk: Arc<dyn AnyDisk>, path: &Path, job: &str) -> Result<Taken> {
        if job.len() > MOST_JOB_BYTES {
            return Err(Error::Setting {
                setting: "the job's name",
                got: format!("{} bytes long", job.len()),
                want: format!("of at most {MOST_JOB_BYTES} bytes to have durable files"),
            });
        }
        make_directory(&*disk, path)?;
        let metadata = disk.metadata(path).map_err(|e| failed("looking at", path, &e))?;
        if metadata.kind != EntryKind::Directory {
            return Err(Error::Setting {
                setting: "the checkpoint directory",
                got: format!("{}, which is a file", path.display()),
                want: "a directory, or a path at which one can be made".to_owned(),
            });
        }
        let lock = take_lock(&*disk, path)?;
        Ok(Taken { disk, path: path.to_owned(), job: job.to_owned(), lock })
    }

    /// The same, on a disk that does more than the one that it was taken on.
    pub(crate) fn on(self, disk: Arc<dyn AnyDisk>) -> Taken {
        Taken { disk, ..self }
    }

    /// Reads whose it is; one that is nobody's is this job's from then on.
    pub(crate) fn identified(self) -> Result<Directory> {
        let Taken { disk, path, job, lock } = self;
        let number = match read_identity(&*disk, &path)? {
            Some(found) => {
                let expected = identity(&job, found.begin.directory);
                found
                    .begin
                    .expect(&expected)
                    .map_err(|misfit| misfit.of(&path.join(IDENTITY), ""))?;
                found.begin.directory
            }
            None => make_identity(&*disk, &path, &job)?,
        };
        Ok(Directory { disk, path, job, number, lock })
    }
}

impl Directory {
    /// Takes the directory at `path` for a job, and reads whose it is; makes it where it is missing.
    #[cfg(any(test, feature = "internals"))]
    pub(crate) fn open(disk: Arc<dyn AnyDisk>, path: &Path, job: &str) -> Result<Directory> {
        Taken::take(disk, path, job)?.identified()
    }

    /// Fails if the directory is no longer where it was, or is not the same any more.
    pub(crate) fn check(&self) -> Result<()> {
        let found = match read_identity(&*self.disk, &self.path)? {
            Some(found) => found.begin.directory,
            None => return Err(self.lost()),
        };
        if found == self.number { Ok(()) } else { Err(self.lost()) }
    }

    fn lost(&self) -> Error {
        Error::DirectoryLost { directory: self.path.display().to_string() }
    }

    /// Notes that a start goes on from the directory, which then differs from every copy that another start goes on
    /// from. `known` hears of it before anything is written.
    pub(crate) fn begin_life(&self, known: impl FnOnce(Life)) -> Result<()> {
        let (file, begin) = (self.path.join(LIVES), self.begin(LIVES, 0));
        let before = match self.disk.read_at_most(&file, u64::MAX) {
            Ok(bytes) => Lives::read(bytes.into(), &begin, &file)?,
            Err(e) if e.kind() == ErrorKind::NotFound => Lives::default(),
            Err(e) => return Err(failed("reading", &file, &e)),
        };
        let (lives, life) = before.and(drawn()?);
        known(life);
        let bytes = lives.to_bytes(&begin);
        let write = |file: &mut dyn DiskFile| file.write_all(&bytes);
        let written = publish(&*self.disk, &file, write, |_| Ok(()));
        written.map(drop).map_err(|failed| failed.error)
    }

    pub(crate) fn disk(&self) -> &dyn AnyDisk {
        &*self.disk
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What a file of this directory says that it belongs to.
    pub(crate) fn begin(&self, of: &str, number: u64) -> Begin {
        Begin { job: self.job.clone(), directory: self.number, of: of.to_owned(), number }
    }
}

fn take_lock(disk: &dyn AnyDisk, path: &Path) -> Result<Box<dyn Send + Sync>> {
    let lock = path.join(LOCK);
    disk.lock(&lock).map_err(|e| match e.kind() {
        ErrorKind::WouldBlock => Error::InUse { directory: path.display().to_string() },
        _ => failed("locking", &lock, &e),
    })
}

fn identity(job: &str, directory: u64) -> Begin {
    Begin { job: job.to_owned(), directory, of: IDENTITY.to_owned(), number: 0 }
}

fn read_identity(disk: &dyn AnyDisk, path: &Path) -> Result<Option<Beginning>> {
    let file = path.join(IDENTITY);
    match disk.read_at_most(&file, MOST_BEGIN_BYTES) {
        Ok(bytes) => {
            let cure = "bring back a copy of it, or give the job another directory";
            Begin::read(&bytes.into()).map(Some).map_err(|misfit| misfit.of(&file, cure))
        }
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(failed("reading", &file, &e)),
    }
}

/// Writes who a new directory belongs to; answers its number.
fn make_identity(disk: &dyn AnyDisk, path: &Path, job: &str) -> Result<u64> {
    let entries = disk.list(path).map_err(|e| failed("listing", path, &e))?;
    let is_ours =
        |name: &str| [BLOCKS, BATCHES, LIVES].contains(&name) || name.starts_with(CHECKPOINT);
    let ours = entries.iter().filter_map(|entry| entry.name.to_str()).find(|name| is_ours(name));
    if let Some(ours) = ours {
        return Err(Error::Foreign {
            file: path.display().to_string(),
            reason: format!(
                "has {ours:?} in it and no {IDENTITY:?}, without which that is not read"
            ),
            cure: "bring it back, or give the job another directory",
        });
    }
    make_directory_durably(disk, path)?;
    let number = RandomState::new().hash_one(job);
    let begin = identity(job, number);
    let write = |file: &mut dyn DiskFile| begin.write(file, 0, 0).map(drop);
    publish(disk, &path.join(IDENTITY), write, |_| Ok(())).map_err(|failed| failed.error)?;
    Ok(number)
}

#[cfg(test)]
mod tests;
