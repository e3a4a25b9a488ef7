//! Keeps a result: a folder with a README, the raw data, and the summary.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::Serialize;

use crate::machine::Machine;

/// What a benchmark leaves behind.
pub struct Kept<'a, R> {
    /// The benchmark's name, as in `quick`.
    pub name: &'a str,
    /// What was run, as it would be run again.
    pub command: &'a str,
    /// Where.
    pub machine: &'a Machine,
    /// All that was measured.
    pub raw: &'a R,
    /// What was printed.
    pub summary: &'a str,
    /// What a reader must know of how it was measured, in a sentence or two.
    pub how: &'a str,
}

impl<R: Serialize> Kept<'_, R> {
    /// Writes a folder under `results`, a new one always, and gives its path.
    pub fn keep(&self, results: &Path) -> Result<PathBuf> {
        let now = Timestamp::now();
        let folder = new_dated_folder(results, self.machine, self.name)?;
        let write = |file: &str, content: &str| {
            let path = folder.join(file);
            fs::write(&path, content)
                .with_context(|| format!("{} could not be written", path.display()))
        };
        write("raw.json", &(serde_json::to_string_pretty(self.raw)? + "\n"))?;
        write("summary.txt", &format!("{}\n", self.summary))?;
        write("README.md", &self.readme(&now))?;
        Ok(folder)
    }

    fn readme(&self, now: &Timestamp) -> String {
        let Machine { processor, cores, memory_mib, kernel, version, commit } = self.machine;
        let mut title = self.name.to_string();
        title[..1].make_ascii_uppercase();
        format!(
            "# {title} benchmark, {when}\n\n\
             | | |\n|---|---|\n\
             | command | `{command}` |\n\
             | machine | {processor}, {cores} cores, {memory_mib} MiB, {kernel} |\n\
             | version | {version}, commit {commit} |\n\n\
             `summary.txt` is what the command printed, `raw.json` all that it measured. {how}\n",
            when = now.strftime("%Y-%m-%d %H:%M UTC"),
            command = self.command,
            how = self.how,
            commit = if commit.is_empty() { "unknown" } else { commit },
        )
    }
}

/// A folder for a result of today that was not there.
pub(crate) fn new_dated_folder(results: &Path, machine: &Machine, name: &str) -> Result<PathBuf> {
    let today = Timestamp::now().strftime("%Y-%m-%d");
    new_folder(results, &format!("{today}-{}-{name}", machine.short_name()))
}

/// A folder that was not there: with a number behind its name where one was.
fn new_folder(under: &Path, name: &str) -> Result<PathBuf> {
    fs::create_dir_all(under).with_context(|| format!("{} could not be made", under.display()))?;
    for number in 1.. {
        let folder =
            under.join(if number == 1 { name.to_string() } else { format!("{name}-{number}") });
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => {
                return Err(e).with_context(|| format!("{} could not be made", folder.display()));
            }
        }
    }
    unreachable!("there is always a further number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_folder_is_ever_written_over() {
        let home = tempfile::tempdir().unwrap();
        let names: Vec<_> = (0..3).map(|_| new_folder(home.path(), "r").unwrap()).collect();
        assert_eq!(names, ["r", "r-2", "r-3"].map(|name| home.path().join(name)));
    }
}
