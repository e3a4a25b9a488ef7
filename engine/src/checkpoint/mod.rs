//! Checkpoints: the parts of which a job can be put together again, as bytes with names, of which
//! the last two are kept.
//!
//! A checkpoint has its name only once it is whole, durable, and read back. One that is damaged later
//! is passed over for the one before.

mod content;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use content::Misread;

use crate::directory::{CHECKPOINT, Directory, Found, Numbered};
use crate::disk::{failed, publish};
use crate::error::{Error, Result};
use crate::frame::{Begin, MOST_PAYLOAD_BYTES};

/// The names of checkpoints.
pub(crate) const FILES: Numbered = Numbered { before: "checkpoint-", behind: "" };

/// How many are kept.
const KEPT: usize = 2;

/// The checkpoints of a directory.
pub(crate) struct Checkpoints {
    held: Arc<Directory>,
    /// The number of the next one.
    next: u64,
    /// Those not known to be damaged, the oldest first.
    kept: Vec<u64>,
    /// Those that are damaged, and those whose writing has failed, wherever: they go with the next
    /// that succeeds.
    unwanted: Vec<u64>,
}

/// Bytes by name, as they were given.
pub(crate) type Parts = Vec<(String, Bytes)>;

impl Checkpoints {
    /// Opens the checkpoints of a directory, and reads the newest that is whole, if there is any.
    ///
    /// Also answers with what was found and passed over, in sentences.
    pub(crate) fn open(held: &Arc<Directory>) -> Result<(Checkpoints, Option<Parts>, Vec<String>)> {
        let Found { numbers: mut kept, next } = FILES.find(held.disk(), held.path())?;
        // A crash may have come between the renaming of the newest and the sync.
        let synced = held.disk().sync_directory(held.path());
        synced.map_err(|e| failed("syncing", held.path(), &e))?;
        let (mut unwanted, mut why, mut read) = (Vec::new(), Vec::new(), None);
        while let Some(&newest) = kept.last() {
            match read_file(held, &FILES.path(held.path(), newest), newest)? {
                Ok(parts) => {
                    read = Some(parts);
                    break;
                }
                Err(damage) => {
                    why.push(damage);
                    unwanted.push(newest);
                    kept.pop();
                }
            }
        }
        if let (None, Some(newest)) = (&read, why.first()) {
            let before = match why.get(1) {
                Some(before) => format!("so is the one before: {before}"),
                None => "there is no one before".to_owned(),
            };
            return Err(Error::Damaged {
                file: newest.file.display().to_string(),
                offset: newest.offset,
                found: format!("{}; {before}", newest.found),
                cure: "bring back a copy of one of them, or give the job another directory to begin anew"
                    .to_owned(),
            });
        }
        let warning = |damage| format!("{damage}; it is passed over for the checkpoint before");
        let warnings = why.iter().map(warning).collect();
        Ok((Checkpoints { held: held.clone(), next, kept, unwanted }, read, warnings))
    }

    /// Writes one. When this has succeeded, it and the one before are there, and none else.
    pub(crate) fn write(&mut self, parts: &[(&str, &[u8])]) -> Result<()> {
        let (disk, number) = (self.held.disk(), self.next);
        self.next += 1;
        let path = FILES.path(self.held.path(), number);
        let begin = self.held.begin(CHECKPOINT, number);
        let published = publish(
            disk,
            &path,
            |file| content::write(file, &begin, parts, MOST_PAYLOAD_BYTES as usize),
            |temporary| match read_file(&self.held, temporary, number)? {
                Ok(read) if is_same(&read, parts) => Ok(()),
                Ok(_) => Err(unlike_written(temporary, "it is another checkpoint".to_owned())),
                Err(damage) => Err(unlike_written(temporary, damage.to_string())),
            },
        );
        if let Err(unpublished) = published {
            self.unwanted.push(number);
            return Err(unpublished.error);
        }
        self.kept.push(number);
        self.remove_others()
    }

    fn remove_others(&mut self) -> Result<()> {
        let older = self.kept.len().saturating_sub(KEPT);
        self.unwanted.extend(self.kept.drain(..older));
        while let Some(&number) = self.unwanted.last() {
            let path = FILES.path(self.held.path(), number);
            match self.held.disk().remove(&path) {
                Err(e) if e.kind() != ErrorKind::NotFound => {
                    return Err(failed("removing", &path, &e));
                }
                _ => self.unwanted.pop(),
            };
        }
        Ok(())
    }
}

/// Whether a file is a whole checkpoint, from its first byte to its last.
pub(crate) fn is_whole(file: Bytes, expected: &Begin) -> bool {
    content::read(file, expected).is_ok()
}

/// Where a checkpoint is not whole.
struct Damage {
    file: PathBuf,
    offset: u64,
    found: String,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Damage { file, offset, found } = self;
        write!(f, "{} is damaged at byte {offset}: {found}", file.display())
    }
}

/// What is in a checkpoint. Fails where it cannot be read, or is none of this directory's.
fn read_file(held: &Directory, file: &Path, number: u64) -> Result<Result<Parts, Damage>> {
    let bytes = held.disk().read_at_most(file, u64::MAX);
    let bytes = bytes.map_err(|e| failed("reading", file, &e))?;
    match content::read(bytes.into(), &held.begin(CHECKPOINT, number)) {
        Ok(parts) => Ok(Ok(parts)),
        Err(Misread::Damaged { offset, found }) => {
            Ok(Err(Damage { file: file.to_owned(), offset, found }))
        }
        Err(Misread::Foreign(foreign)) => Err(foreign.of(file, "")),
    }
}

fn is_same(read: &Parts, written: &[(&str, &[u8])]) -> bool {
    read.iter().map(|(name, bytes)| (name.as_str(), &bytes[..])).eq(written.iter().copied())
}

fn unlike_written(file: &Path, reason: String) -> Error {
    let what = format!("{} is not as it was written", file.display());
    Error::Io { what, reason: format!("{reason}; look after the disk") }
}

#[cfg(test)]
mod tests;
