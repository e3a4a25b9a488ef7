//! Two directories, here and at a replica, and what is done to bring them together.

use std::io::{self, IoSlice};
use std::path::Path;

use bytes::Bytes;

use super::broken::Broken;
use super::ours::DIRECTORIES;
use super::session::{GivenUp, Held, Session};
use super::written::Written;
use crate::directory::LIVES;
use crate::disk::{
    AnyDisk, DiskFile, TEMPORARY, failed, is_damage, make_directory_durably, parent_of, publish,
};
use crate::error::{Error, Result};
use crate::replica::message::{Like, Request};

/// Why two directories were not brought together.
#[derive(Debug)]
pub(super) enum Apart {
    /// The replica cannot be had, or not now.
    Link(Broken),
    /// Something that does not go away by itself.
    Here(Error),
}

impl From<Broken> for Apart {
    fn from(broken: Broken) -> Self {
        Apart::Link(broken)
    }
}

impl From<Error> for Apart {
    fn from(error: Error) -> Self {
        Apart::Here(error)
    }
}

/// How far it has come with bringing the copies together, over all the times that it was tried.
pub(super) struct Progress {
    /// The least that was left to do.
    left: usize,
    /// There was less left than ever before.
    pub(super) was_made: bool,
    /// The replica had no durable file of the job.
    pub(super) there_was_nothing: bool,
}

impl Default for Progress {
    fn default() -> Self {
        Progress { left: usize::MAX, was_made: false, there_was_nothing: false }
    }
}

impl Progress {
    fn is_left(&mut self, acts: usize) {
        self.was_made |= acts < self.left;
        self.left = self.left.min(acts);
    }
}

/// Both sides.
pub(super) struct Sides<'a> {
    pub(super) disk: &'a dyn AnyDisk,
    pub(super) directory: &'a Path,
    pub(super) job: &'a str,
    /// How the replica's directory is called in sentences.
    pub(super) there: &'a str,
    pub(super) session: &'a mut Session,
    pub(super) given_up: GivenUp<'a>,
    /// The number of the next file that is opened at the replica.
    pub(super) next_file: &'a mut u64,
    pub(super) progress: &'a mut Progress,
}

/// What is to be done with a file.
pub(super) enum Act {
    Send(Sent),
    /// It has so many bytes there.
    Fetch {
        bytes: u64,
        why: Why,
    },
    Remove,
    Replace {
        content: Bytes,
        here: bool,
        there: bool,
    },
}

/// Why the other side's file is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Why {
    /// It is not there, or not all of it.
    #[default]
    Lacking,
    /// The disk cannot give it back.
    Unreadable,
    /// Each side has another one, and the other side's copy has starts that this one lacks.
    GoneOn,
}

/// How a file is sent.
#[derive(Default)]
pub(super) struct Sent {
    /// What is there of it, and stays: it is a beginning of it.
    pub(super) keep: Option<Held>,
    /// The number under which it stays open.
    pub(super) open: Option<u64>,
    pub(super) written: Option<Written>,
    pub(super) why: Why,
}

impl Sides<'_> {
    pub(super) fn carry_out(&mut self, mut acts: Vec<(String, Act)>) -> Result<(), Apart> {
        self.progress.is_left(acts.len());
        for directory in DIRECTORIES {
            let path = directory.to_owned();
            self.session.tell(&Request::MakeDirectory { path }, self.given_up)?;
        }
        // The list of starts comes when all is there that they have made: a copy that has a start, and not all that it
        // has written, could be gone on with, and nobody would know.
        let lives: Vec<_> = acts.extract_if(.., |(path, _)| path == LIVES).collect();
        // What is being written has no name yet, so nothing depends on it; and a new list of starts has the temporary
        // name under which the old one is sent.
        let unnamed: Vec<_> = acts.extract_if(.., |(path, _)| path.ends_with(TEMPORARY)).collect();
        let is_listed_anew = !lives.is_empty();
        acts.into_iter().try_for_each(|(path, act)| self.carry_out_one(path, act))?;
        for path in DIRECTORIES.into_iter().chain([""]) {
            let path = path.to_owned();
            self.session.ask(&Request::SyncDirectory { path }, self.given_up)?;
        }
        lives.into_iter().try_for_each(|(path, act)| self.carry_out_one(path, act))?;
        if is_listed_anew {
            let path = String::new();
            self.session.ask(&Request::SyncDirectory { path }, self.given_up)?;
        }
        unnamed.into_iter().try_for_each(|(path, act)| self.carry_out_one(path, act))
    }

    fn carry_out_one(&mut self, path: String, act: Act) -> Result<(), Apart> {
        match act {
            Act::Send(Sent { keep, open, written, .. }) => {
                let content = self.content_of(&path, written.as_ref())?;
                if !self.at_it(|| keep.is_none_or(|held| held.begins(&content)))? {
                    let place = self.directory.join(&path);
                    let sentence = "has changed while the copies were brought together";
                    return Err(Broken::passing(format!("{} {sentence}", place.display())).into());
                }
                let keep = keep.map_or(0, |held| held.bytes);
                self.send(&path, &content, keep, open)?;
            }
            Act::Fetch { bytes, .. } => {
                let content = self.session.read(&path, bytes, self.given_up)?;
                self.put_here(&path, &content)?;
            }
            Act::Remove => {
                self.session.tell(&Request::Remove { path }, self.given_up)?;
            }
            Act::Replace { content, here, there } => {
                if here {
                    self.put_here(&path, &content)?;
                }
                if there {
                    self.send(&path, &content, 0, None)?;
                }
            }
        }
        Ok(())
    }

    /// What `made_of` makes of the content of a file, while the replica hears that it goes on.
    pub(super) fn with_file<R: Send>(
        &mut self,
        path: &str,
        made_of: impl FnOnce(Vec<u8>) -> R + Send,
    ) -> Result<R, Apart> {
        let read = self.read(path, made_of)?;
        Ok(read.map_err(|e| failed("reading", &self.directory.join(path), &e))?)
    }

    /// The content of a file; none where the disk cannot give it back.
    pub(super) fn undamaged(&mut self, path: &str) -> Result<Option<Bytes>, Apart> {
        match self.read(path, Bytes::from)? {
            Err(e) if is_damage(&e) => Ok(None),
            read => Ok(Some(read.map_err(|e| failed("reading", &self.directory.join(path), &e))?)),
        }
    }

    fn read<R: Send>(
        &mut self,
        path: &str,
        made_of: impl FnOnce(Vec<u8>) -> R + Send,
    ) -> Result<io::Result<R>, Broken> {
        let (disk, place) = (self.disk, self.directory.join(path));
        self.at_it(|| disk.read_at_most(&place, u64::MAX).map(made_of))
    }

    /// The content of a file. Fails where it is not what this start has written.
    pub(super) fn content_of(
        &mut self,
        path: &str,
        written: Option<&Written>,
    ) -> Result<Bytes, Apart> {
        let content = self.with_file(path, |content| match written {
            Some(written) => written.in_file(content),
            None => Ok(content.into()),
        })?;
        content.map_err(|(offset, found)| self.damaged(path, offset, found).into())
    }

    /// What becomes of a job that runs, and whose own file is damaged: it does not answer for what is in it.
    pub(super) fn damaged(&self, path: &str, offset: u64, found: String) -> Error {
        Error::Damaged {
            file: self.directory.join(path).display().to_string(),
            offset,
            found,
            cure: format!(
                "start the job again, which takes from {}/{path} what is whole there",
                self.there
            ),
        }
    }

    pub(super) fn at_it<R: Send>(&mut self, work: impl FnOnce() -> R + Send) -> Result<R, Broken> {
        self.session.at_it(self.given_up, work)
    }

    fn put_here(&mut self, path: &str, content: &[u8]) -> Result<(), Apart> {
        let (disk, place) = (self.disk, self.directory.join(path));
        let put: Result<()> = self.at_it(|| {
            make_directory_durably(disk, parent_of(&place))?;
            let fill = |file: &mut dyn DiskFile| file.write_all(content);
            publish(disk, &place, fill, |_| Ok(())).map(drop).map_err(|failed| failed.error)
        })?;
        Ok(put?)
    }

    /// Has the replica make a file of this content, of which it has the first `keep` bytes, under a temporary name, sync
    /// it, and give it its name. One that has a temporary name here keeps that, and is not done with.
    fn send(
        &mut self,
        path: &str,
        content: &[u8],
        keep: u64,
        open: Option<u64>,
    ) -> Result<(), Broken> {
        let given_up = self.given_up;
        let is_temporary = path.ends_with(TEMPORARY);
        let temporary = if is_temporary { path.to_owned() } else { format!("{path}{TEMPORARY}") };
        let file = open.unwrap_or(*self.next_file);
        *self.next_file += u64::from(open.is_none());
        let like = (keep > 0).then(|| Like { path: path.to_owned(), bytes: keep });
        self.session.tell(&Request::Create { file, path: temporary.clone(), like }, given_up)?;
        let (_, rest) = content.split_at(keep as usize);
        self.session.append(file, keep, &[IoSlice::new(rest)], rest.len(), given_up)?;
        self.session.ask(&Request::Sync { file }, given_up)?;
        if !is_temporary {
            let rename = Request::Rename { from: temporary, to: path.to_owned() };
            self.session.tell(&rename, given_up)?;
        }
        if open.is_none() {
            self.session.tell(&Request::Close { file }, given_up)?;
        }
        Ok(())
    }
}
