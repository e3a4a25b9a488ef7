//! Checkpoints in a directory on a disk in memory, and what is read of them.

mod damage;
mod failing;
mod life;
mod lives;
mod power;
mod writing;

use std::sync::Arc;

use super::{Checkpoints, Parts};
use crate::directory::Directory;
use crate::disk::MemoryDisk;
use crate::error::Result;

const DIRECTORY: &str = "ck";

fn directory(disk: &MemoryDisk) -> Result<Arc<Directory>> {
    Directory::open(Arc::new(disk.clone()), DIRECTORY.as_ref(), "job").map(Arc::new)
}

struct Opened {
    checkpoints: Checkpoints,
    parts: Option<Parts>,
    warnings: Vec<String>,
}

fn open(disk: &MemoryDisk) -> Result<Opened> {
    let (checkpoints, parts, warnings) = Checkpoints::open(&directory(disk)?)?;
    Ok(Opened { checkpoints, parts, warnings })
}

fn file(number: u64) -> String {
    format!("{DIRECTORY}/checkpoint-{number:010}")
}

/// The names in the directory that are of checkpoints.
fn names(disk: &MemoryDisk) -> Vec<String> {
    let entries = crate::disk::Disk::list(disk, DIRECTORY.as_ref()).unwrap();
    let names = entries.iter().map(|entry| entry.name.to_str().unwrap().to_owned());
    names.filter(|name| name.starts_with("checkpoint")).collect()
}

/// The sentence of a refusal, which must have all the parts.
#[track_caller]
fn refused<T>(outcome: Result<T>, parts: &[&str]) {
    let sentence = outcome.err().expect("it is refused").to_string();
    for part in parts {
        assert!(sentence.contains(part), "{part:?} is missing: {sentence}");
    }
}
