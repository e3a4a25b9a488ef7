//! A control group with a limit of memory, of either version of the interface.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::stderr;

/// Where control groups are.
const ROOT: &str = "/sys/fs/cgroup";

/// A group that nobody else is in, which goes when this is dropped.
pub(super) struct MemoryGroup {
    directory: PathBuf,
    files: &'static Files,
}

/// What the files of a group are called.
struct Files {
    limit: &'static str,
    peak: &'static str,
}

const FIRST: Files = Files { limit: "memory.limit_in_bytes", peak: "memory.max_usage_in_bytes" };
const SECOND: Files = Files { limit: "memory.max", peak: "memory.peak" };

impl MemoryGroup {
    /// A group below the one that this process is in. It takes the right to make one.
    pub(super) fn make(limit_bytes: u64) -> Result<Self> {
        let name = format!("bench-suite-{}", std::process::id());
        let own = fs::read_to_string("/proc/self/cgroup").context("this process's group")?;
        let (parent, files) = parent_of(&own);
        let directory = parent.join(name);
        fs::create_dir(&directory).with_context(|| directory.display().to_string())?;
        let group = MemoryGroup { directory, files };
        group.write(files.limit, limit_bytes)?;
        Ok(group)
    }

    /// The file to which a process writes its id to be in it.
    pub(super) fn members(&self) -> PathBuf {
        self.directory.join("cgroup.procs")
    }

    /// The most memory that it ever had.
    pub(super) fn peak_bytes(&self) -> Result<u64> {
        let path = self.directory.join(self.files.peak);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        text.trim().parse().with_context(|| path.display().to_string())
    }

    fn write(&self, file: &str, value: u64) -> Result<()> {
        let path = self.directory.join(file);
        fs::write(&path, value.to_string()).with_context(|| path.display().to_string())
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        if let Err(e) = fs::remove_dir(&self.directory) {
            stderr::tell(format_args!("{} is left over: {e}", self.directory.display()));
        }
    }
}

/// The group that this process is in, or the root where that is not to be seen from here.
fn parent_of(own: &str) -> (PathBuf, &'static Files) {
    let first = own.lines().find_map(|line| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        controllers.split(',').any(|controller| controller == "memory").then_some(path)
    });
    let second = || own.lines().find_map(|line| line.strip_prefix("0::"));
    let (root, path, files) = match first {
        Some(path) => (Path::new(ROOT).join("memory"), path, &FIRST),
        None => (PathBuf::from(ROOT), second().unwrap_or("/"), &SECOND),
    };
    let parent = root.join(path.trim_start_matches('/'));
    (if parent.is_dir() { parent } else { root }, files)
}
