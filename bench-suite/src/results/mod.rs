//! Keeps results: a folder with a README, the raw data, the summary, and the state of the machine; and an
//! index page beside the folders.
//!
//! The index lists every folder that has a README, which a folder gets when its result is whole, and takes
//! from it
//!
//! - the first title, `# WHAT, 2026-11-26 10:00 UTC`;
//! - of the first table of rows `| name | value |` those named `headline`, `machine` and `version`, as text in
//!   which special characters are escaped by backslashes.
//!
//! All of these may be missing. `summary.txt`, `raw.json`, `runs.ndjson`, `doctor.json` and `report.html` are
//! linked where they are there, and not read. Whoever has a [`Page`] written has kept to all of this.

mod page;
pub mod index;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::Serialize;

pub use page::Page;

use crate::doctor::Checkup;
use crate::machine::Machine;
use crate::{stderr, stdout, whole_file};

/// What a benchmark leaves behind.
pub struct Kept<'a, R> {
    /// The benchmark's name, as in `quick`.
    pub name: &'a str,
    /// What was run, as it would be run again.
    pub command: &'a str,
    /// Where.
    pub machine: &'a Machine,
    /// In what state that was, before anything was measured.
    pub checkup: &'a Checkup,
    /// What came out, in a line.
    pub headline: &'a str,
    /// All that was measured.
    pub raw: &'a R,
    /// What was printed.
    pub summary: &'a str,
    /// What a reader must know of how it was measured, in a sentence or two.
    pub how: &'a str,
}

impl<R: Serialize> Kept<'_, R> {
    /// Keeps it, tells where, and prints the summary, or as JSON all that was measured: also where it could
    /// not be kept, which is an error.
    pub fn keep_and_print(&self, results: &Path, as_json: bool) -> Result<()> {
        let kept = self.keep(results).map(|folder| {
            stderr::tell(format_args!("kept in {}", folder.display()));
        });
        stdout::print_json_or_text(as_json, self.raw, self.summary)?;
        kept
    }

    /// Writes a folder under `results`, a new one always, and gives its path. The index there is
    /// refreshed.
    pub fn keep(&self, results: &Path) -> Result<PathBuf> {
        let &Kept { name, command, machine, checkup, headline, raw, summary, how } = self;
        let at = Timestamp::now();
        let folder = new_dated_folder(results, machine, name)?;
        let raw = serde_json::to_string_pretty(raw)? + "\n";
        if let Err(e) = whole_file::write(&folder.join("raw.json"), raw) {
            // A folder with nothing in it is no result.
            fs::remove_dir(&folder).ok();
            return Err(e);
        }
        let mut title = format!("{name} benchmark");
        title[..1].make_ascii_uppercase();
        let data = "`raw.json` all that it measured";
        let page =
            Page { title: &title, at, command, machine, checkup, headline, data, how, summary };
        page.write_into(&folder)?;
        index::refresh_or_tell(results);
        Ok(folder)
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

    #[test]
    fn a_folder_has_all_that_is_needed_to_judge_the_figures() {
        let home = tempfile::tempdir().unwrap();
        let kept = Kept {
            name: "quick",
            command: "bench-suite quick",
            machine: &Machine::here(),
            checkup: &Checkup::of_nothing(),
            headline: "5 M lines/s",
            raw: &[1, 2],
            summary: "a table",
            how: "Over loopback.",
        };
        let folder = kept.keep(home.path()).unwrap();
        let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
        assert_eq!(serde_json::from_str::<Vec<u8>>(&read("raw.json")).unwrap(), [1, 2]);
        assert_eq!(read("summary.txt"), "a table\n");
        let checkup: Checkup = serde_json::from_str(&read("doctor.json")).unwrap();
        assert_eq!(checkup, Checkup::of_nothing());
        let readme = read("README.md");
        assert!(readme.starts_with("# Quick benchmark, 20"), "{readme}");
        assert!(readme.contains("| headline | 5 M lines/s |"), "{readme}");
        let index = fs::read_to_string(home.path().join("README.md")).unwrap();
        assert!(index.contains("| 5 M lines/s |"), "{index}");
    }
}
