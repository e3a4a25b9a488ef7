//! The tree of files and directories of a disk in memory.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::{Component, Path};

use crate::disk::{EntryKind, Metadata};
use crate::time::Time;

/// Every file and directory that there ever was, by number; the root is 0.
pub(super) struct Nodes(pub(super) Vec<Node>);

#[derive(Clone)]
pub(super) enum Node {
    /// `synced` is what a power failure leaves of `content`.
    File { content: Vec<u8>, synced: Vec<u8>, modified: Time },
    /// `synced` is what a power failure may leave of `entries`.
    Directory { entries: BTreeMap<OsString, usize>, synced: BTreeMap<OsString, usize> },
}

impl Node {
    pub(super) fn file() -> Self {
        Node::File { content: Vec::new(), synced: Vec::new(), modified: Time::default() }
    }

    pub(super) fn directory() -> Self {
        Node::Directory { entries: BTreeMap::new(), synced: BTreeMap::new() }
    }

    pub(super) fn metadata(&self) -> Metadata {
        match self {
            Node::File { content, modified, .. } => Metadata {
                kind: EntryKind::File,
                length: content.len() as u64,
                modified: *modified,
            },
            Node::Directory { .. } => {
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
    pub(super) fn entries(&self, node: usize) -> io::Result<&BTreeMap<OsString, usize>> {
        match &self.0[node] {
            Node::Directory { entries, .. } => Ok(entries),
            Node::File { .. } => Err(ErrorKind::NotADirectory.into()),
        }
    }

    pub(super) fn entries_mut(
        &mut self,
        node: usize,
    ) -> io::Result<&mut BTreeMap<OsString, usize>> {
        match &mut self.0[node] {
            Node::Directory { entries, .. } => Ok(entries),
            Node::File { .. } => Err(ErrorKind::NotADirectory.into()),
        }
    }

    /// The number of what is at `path`.
    pub(super) fn find(&self, path: &Path) -> io::Result<usize> {
        let mut node = 0;
        for name in names(path)? {
            node = *self.entries(node)?.get(name).ok_or(ErrorKind::NotFound)?;
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
        if entries.contains_key(&name) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        entries.insert(name, number);
        self.0.push(node);
        Ok(number)
    }

    /// The file at `path`, made with its directories where it is missing, all of it durable.
    pub(super) fn put(&mut self, path: &Path) -> io::Result<usize> {
        let mut node = 0;
        let names = names(path)?;
        for (i, name) in names.iter().enumerate() {
            let number = self.0.len();
            let Node::Directory { entries, synced } = &mut self.0[node] else {
                return Err(ErrorKind::NotADirectory.into());
            };
            node = *entries.entry(name.into()).or_insert(number);
            synced.insert(name.into(), node);
            if node == number {
                let last = i + 1 == names.len();
                self.0.push(if last { Node::file() } else { Node::directory() });
            }
        }
        match self.0[node] {
            Node::File { .. } => Ok(node),
            Node::Directory { .. } => Err(ErrorKind::IsADirectory.into()),
        }
    }

    pub(super) fn unlink(&mut self, path: &Path) -> io::Result<()> {
        let (directory, name) = self.place_of(path)?;
        self.entries_mut(directory)?.remove(&name);
        Ok(())
    }

    /// Whether the name of `replaced` may become that of `moved`.
    pub(super) fn may_replace(&self, moved: usize, replaced: usize) -> io::Result<()> {
        match (&self.0[moved], &self.0[replaced]) {
            (Node::File { .. }, Node::File { .. }) => Ok(()),
            (Node::File { .. }, Node::Directory { .. }) => Err(ErrorKind::IsADirectory.into()),
            (Node::Directory { .. }, Node::File { .. }) => Err(ErrorKind::NotADirectory.into()),
            (Node::Directory { .. }, Node::Directory { entries, .. }) if entries.is_empty() => {
                Ok(())
            }
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
