//! The tree of files and directories of a disk in memory.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::{Component, Path};

use super::unsynced::{Content, Entries};
use crate::disk::{EntryKind, Metadata};
use crate::time::Time;

/// Every file and directory that there ever was, by number; the root is 0.
pub(super) struct Nodes(pub(super) Vec<Node>);

pub(super) enum Node {
    File(File),
    Directory(Entries),
}

#[derive(Default)]
pub(super) struct File {
    pub(super) content: Content,
    pub(super) modified: Time,
    /// Whether somebody holds it for himself.
    pub(super) locked: bool,
}

impl Node {
    /// An empty one.
    pub(super) fn file() -> Self {
        Node::File(File::default())
    }

    /// An empty one.
    pub(super) fn directory() -> Self {
        Node::Directory(Entries::default())
    }

    pub(super) fn metadata(&self) -> Metadata {
        match self {
            Node::File(File { content, modified, .. }) => Metadata {
                kind: EntryKind::File,
                length: content.bytes().len() as u64,
                modified: *modified,
            },
            Node::Directory(_) => {
                Metadata { kind: EntryKind::Directory, length: 0, modified: Time::default() }
            }
        }
    }
}

impl Default for Nodes {
    fn default() -> Self {
        Nodes(vec![Node::directory()])
    }
}

impl Nodes {
    pub(super) fn entries(&self, node: usize) -> io::Result<&Entries> {
        match &self.0[node] {
            Node::Directory(entries) => Ok(entries),
            Node::File(_) => Err(ErrorKind::NotADirectory.into()),
        }
    }

    pub(super) fn entries_mut(&mut self, node: usize) -> io::Result<&mut Entries> {
        match &mut self.0[node] {
            Node::Directory(entries) => Ok(entries),
            Node::File(_) => Err(ErrorKind::NotADirectory.into()),
        }
    }

    /// The file of this number.
    pub(super) fn file(&mut self, node: usize) -> io::Result<&mut File> {
        match &mut self.0[node] {
            Node::File(file) => Ok(file),
            Node::Directory(_) => Err(ErrorKind::IsADirectory.into()),
        }
    }

    /// The number of what is at `path`.
    pub(super) fn find(&self, path: &Path) -> io::Result<usize> {
        let mut node = 0;
        for name in names(path)? {
            node = *self.entries(node)?.names().get(name).ok_or(ErrorKind::NotFound)?;
        }
        Ok(node)
    }

    /// The directory that `path` lies in, and its name there.
    pub(super) fn place_of(&self, path: &Path) -> io::Result<(usize, OsString)> {
        let name = names(path)?.last().copied().ok_or(ErrorKind::InvalidInput)?;
        Ok((self.find(path.parent().unwrap_or(Path::new("")))?, name.to_owned()))
    }

    pub(super) fn create(&mut self, path: &Path, node: Node) -> io::Result<usize> {
        let number = self.0.len();
        let (directory, name) = self.place_of(path)?;
        let entries = self.entries_mut(directory)?;
        if entries.names().contains_key(&name) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        entries.set(name, Some(number));
        self.0.push(node);
        Ok(number)
    }

    /// The file at `path`, made with its directories where it is missing, all of their names
    /// durable.
    pub(super) fn put(&mut self, path: &Path) -> io::Result<&mut File> {
        let mut node = 0;
        let names = names(path)?;
        for (i, name) in names.iter().enumerate() {
            let number = self.0.len();
            let entries = self.entries_mut(node)?;
            node = entries.names().get(*name).copied().unwrap_or(number);
            entries.set_durably(name, node);
            if node == number {
                let last = i + 1 == names.len();
                self.0.push(if last { Node::file() } else { Node::directory() });
            }
        }
        self.file(node)
    }

    pub(super) fn unlink(&mut self, path: &Path) -> io::Result<()> {
        let (directory, name) = self.place_of(path)?;
        self.entries_mut(directory)?.set(name, None);
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let moved = self.find(from)?;
        match self.find(to) {
            Ok(replaced) => self.may_replace(moved, replaced)?,
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
        let (directory, name) = self.place_of(to)?;
        self.entries_mut(directory)?.set(name, Some(moved));
        self.unlink(from)
    }

    /// Whether the name of `replaced` may become that of `moved`.
    fn may_replace(&self, moved: usize, replaced: usize) -> io::Result<()> {
        match (&self.0[moved], &self.0[replaced]) {
            (Node::File(_), Node::File(_)) => Ok(()),
            (Node::File(_), Node::Directory(_)) => Err(ErrorKind::IsADirectory.into()),
            (Node::Directory(_), Node::File(_)) => Err(ErrorKind::NotADirectory.into()),
            (Node::Directory(_), Node::Directory(entries)) if entries.names().is_empty() => Ok(()),
            _ => Err(ErrorKind::DirectoryNotEmpty.into()),
        }
    }
}

/// The names on the way from the root.
fn names(path: &Path) -> io::Result<Vec<&OsStr>> {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(Ok(name)),
        Component::RootDir | Component::CurDir => None,
        Component::ParentDir | Component::Prefix(_) => Some(Err(ErrorKind::InvalidInput.into())),
    });
    names.collect()
}
