//! Keeps a result: a folder with a README, the raw data, and the summary.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::Serialize;

use super::Options;
use super::measure::Measured;

/// The version of the raw data's form.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Raw<'a> {
    schema_version: u32,
    #[serde(flatten)]
    measured: &'a Measured,
}

/// Writes the folder, a new one always, and gives its path.
pub(super) fn keep(
    options: &Options,
    measured: &Measured,
    table: &str,
    verdict: &str,
) -> Result<PathBuf> {
    let now = Timestamp::now();
    let name = format!("{}-{}-quick", now.strftime("%Y-%m-%d"), measured.machine.short_name());
    let folder = new_folder(&options.results, &name)?;
    let write = |file: &str, content: &str| {
        let path = folder.join(file);
        fs::write(&path, content)
            .with_context(|| format!("{} could not be written", path.display()))
    };
    let raw = serde_json::to_string_pretty(&Raw { schema_version: SCHEMA_VERSION, measured })?;
    write("raw.json", &(raw + "\n"))?;
    write("summary.txt", &format!("{table}\n{verdict}\n"))?;
    write("README.md", &readme(options, measured, &now))?;
    Ok(folder)
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

fn readme(options: &Options, measured: &Measured, now: &Timestamp) -> String {
    let machine = &measured.machine;
    format!(
        "# Quick benchmark, {when}\n\n\
         | | |\n|---|---|\n\
         | command | `cargo run --release -p bench-suite -- quick --for {run_for} --connections {connections} \
         --vocabulary {vocabulary}` |\n\
         | machine | {processor}, {cores} cores, {memory} MiB, {kernel} |\n\
         | version | {version}, commit {commit} |\n\n\
         `summary.txt` is what the command printed, `raw.json` all that it measured. Load generator and workload ran \
         as processes of their own on the same machine, over loopback.\n",
        when = now.strftime("%Y-%m-%d %H:%M UTC"),
        run_for = humantime::format_duration(options.run_for),
        connections = options.connections,
        vocabulary = options.vocabulary,
        processor = machine.processor,
        cores = machine.cores,
        memory = machine.memory_mib,
        kernel = machine.kernel,
        version = machine.version,
        commit = if machine.commit.is_empty() { "unknown" } else { &machine.commit },
    )
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
