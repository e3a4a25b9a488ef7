//! The folders that a job's outputs have left, as they lie on the disk, and what lies there that should not.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::killable::Output;

/// The empty file that says that the others of a folder are whole.
const SUCCESS: &str = "_SUCCESS";

/// All folders of a job, by output and by the time of their batch in milliseconds.
#[derive(Debug, Default)]
pub(super) struct Folders {
    by_output: BTreeMap<Output, BTreeMap<i64, PathBuf>>,
    /// Folders under a temporary name, folders that do not say that they are whole, that lack a file, or a
    /// file's last newline.
    pub(super) unfinished: Vec<PathBuf>,
    /// What is no output's.
    pub(super) foreign: Vec<PathBuf>,
}

impl Folders {
    /// What lies in `directory`; nothing where there is none.
    pub(super) fn of(directory: &Path) -> Result<Self> {
        let mut folders = Folders::default();
        if !directory.exists() {
            return Ok(folders);
        }
        for (name, path) in entries(directory)? {
            match place(&name) {
                _ if name.starts_with('.') => folders.unfinished.push(path),
                None => folders.foreign.push(path),
                Some((output, time)) => {
                    folders.by_output.entry(output).or_default().insert(time, path);
                }
            }
        }
        Ok(folders)
    }

    /// Those of one output.
    pub(super) fn of_output(&self, output: Output) -> BTreeMap<i64, PathBuf> {
        self.by_output.get(&output).cloned().unwrap_or_default()
    }

    /// What is in the files of a folder, in the order of their partitions.
    pub(super) fn read(&mut self, folder: &Path) -> Result<Vec<Vec<u8>>> {
        let (mut parts, mut says_it_is_whole) = (BTreeMap::new(), false);
        for (name, path) in entries(folder)? {
            let content = fs::read(&path).with_context(|| path.display().to_string())?;
            match name.strip_prefix("part-").and_then(|number| number.parse::<u32>().ok()) {
                Some(number) => drop(parts.insert(number, content)),
                None if name == SUCCESS && content.is_empty() => says_it_is_whole = true,
                None => self.foreign.push(path),
            }
        }
        let has_all =
            parts.last_key_value().is_none_or(|(&last, _)| last as usize + 1 == parts.len());
        let is_cut = |part: &Vec<u8>| part.last().is_some_and(|&last| last != b'\n');
        if !says_it_is_whole || !has_all || parts.values().any(is_cut) {
            self.unfinished.push(folder.to_path_buf());
        }
        Ok(parts.into_values().collect())
    }
}

/// The lines of a file, without their newlines.
pub(super) fn lines(part: &[u8]) -> impl Iterator<Item = &[u8]> {
    part.split_inclusive(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\n").unwrap_or(line))
}

/// The output that a folder with this name is of, and the time of its batch.
fn place(name: &str) -> Option<(Output, i64)> {
    let (output, time) = name.strip_suffix(".txt")?.split_once('-')?;
    let output = Output::ALL.into_iter().find(|known| known.name() == output)?;
    Some((output, time.parse().ok()?))
}

fn entries(directory: &Path) -> Result<Vec<(String, PathBuf)>> {
    let listed = fs::read_dir(directory).and_then(|entries| {
        let named = entries.map(|entry| {
            let entry = entry?;
            Ok((entry.file_name().to_string_lossy().into_owned(), entry.path()))
        });
        named.collect()
    });
    listed.with_context(|| directory.display().to_string())
}
