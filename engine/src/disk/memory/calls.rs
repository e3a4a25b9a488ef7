//! What a disk in memory is asked to do, and who may have a say in it.

use std::io;
use std::path::Path;
use std::sync::Arc;

#[cfg(doc)]
use super::MemoryDisk;
#[cfg(doc)]
use crate::disk::{Disk, DiskFile};

/// Called before each call; may fail it.
pub(super) type Interference = Arc<dyn Fn(Call, &Path) -> io::Result<()> + Send + Sync>;

/// Of each write to the file made with a path, how many of its bytes are taken.
pub(super) type Shortening = Arc<dyn Fn(&Path, usize) -> usize + Send + Sync>;

/// What a [`MemoryDisk`] was asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// [`Disk::create_new`].
    CreateNew,
    /// [`Disk::read_at_most`] and [`Disk::read`].
    Read,
    /// [`Disk::rename`]; the path is the old one.
    Rename,
    /// [`Disk::remove`].
    Remove,
    /// [`Disk::create_directory`].
    CreateDirectory,
    /// [`Disk::remove_directory`].
    RemoveDirectory,
    /// [`Disk::list`].
    List,
    /// [`Disk::metadata`].
    Metadata,
    /// [`Disk::sync_directory`].
    SyncDirectory,
    /// [`Disk::lock`].
    Lock,
    /// A write to an open file; the path is the one that it was made with.
    Write,
    /// [`DiskFile::sync`]; the path is the one that the file was made with.
    Sync,
}
