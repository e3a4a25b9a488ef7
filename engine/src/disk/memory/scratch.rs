//! Scratch files of a disk in memory.

use std::io;
use std::ops::Range;
use std::path::Path;

use bytes::Bytes;

use super::{Call, MemoryDisk};
use crate::disk::Scratch;

/// It is no file of the disk, but has to do with it: every call is one on its directory.
pub(super) struct MemoryScratch {
    disk: MemoryDisk,
    directory: Box<Path>,
    content: Vec<u8>,
}

impl MemoryScratch {
    pub(super) fn create(disk: &MemoryDisk, directory: &Path) -> io::Result<Self> {
        disk.call(Call::CreateNew, directory, |nodes| {
            let node = nodes.find(directory)?;
            nodes.entries(node).map(drop)
        })?;
        Ok(MemoryScratch { disk: disk.clone(), directory: directory.into(), content: Vec::new() })
    }
}

impl Scratch for MemoryScratch {
    fn append(&mut self, parts: &[&[u8]]) -> io::Result<Range<u64>> {
        self.disk.ask(Call::Write, &self.directory)?;
        let start = self.content.len() as u64;
        parts.iter().for_each(|part| self.content.extend_from_slice(part));
        Ok(start..self.content.len() as u64)
    }

    fn read(&mut self, range: Range<u64>) -> io::Result<Bytes> {
        self.disk.ask(Call::Read, &self.directory)?;
        let place = |offset| usize::try_from(offset).unwrap_or(usize::MAX);
        let content = self.content.get(place(range.start)..place(range.end));
        content.map(Bytes::copy_from_slice).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}
