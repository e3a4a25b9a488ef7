//! Reads what is kept of a series.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::{Asked, Begun, Done, Point, Run, bounds, too_many};

/// The version of the files' form.
pub const SCHEMA_VERSION: u32 = 1;

/// The file of what was asked for.
pub(super) const ASKED: &str = "series.json";

/// The file of the runs, a JSON line each.
pub(super) const RUNS: &str = "runs.ndjson";

/// What is kept of a series, as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// What it is of.
    pub asked: Asked,
    /// Where and when it was begun.
    pub begun: Begun,
    /// All runs so far, in the order in which they were over.
    pub runs: Vec<Done>,
}

impl Kept {
    /// Reads what is in a folder and changes nothing there. A last line that was not written to its end
    /// counts as one that is not there; any other line that cannot be read is an error.
    pub fn read(folder: &Path) -> Result<Self> {
        let Header { asked, begun, .. } = header(folder)?;
        let path = folder.join(RUNS);
        let file =
            File::open(&path).with_context(|| format!("{} could not be opened", path.display()))?;
        let (runs, _) = read_runs(&file, &path)?;
        Ok(Kept { asked, begun, runs })
    }

    /// Whether a run that was asked for is there and came to something.
    pub fn has(&self, side: &str, point: &Point, turn: usize) -> bool {
        self.runs.iter().any(|run| {
            run.side == side && run.point == *point && run.turn == turn && run.outcome.is_ok()
        })
    }

    /// The run of a side in a turn, if it came to something.
    pub fn run_of_side(&self, side: &str, turn: usize) -> Option<&Run> {
        let mut runs = self.runs.iter().filter(|run| run.side == side && run.turn == turn);
        runs.find_map(|run| run.outcome.as_ref().ok())
    }

    /// The run of a point in a turn, if it came to something.
    pub fn run_at(&self, point: &Point, turn: usize) -> Option<&Run> {
        let mut runs = self.runs.iter().filter(|run| run.point == *point && run.turn == turn);
        runs.find_map(|run| run.outcome.as_ref().ok())
    }

    /// The runs of a point that came to something, in the order of their turns.
    pub fn of<'a>(&'a self, point: &'a Point) -> impl Iterator<Item = &'a Run> {
        let mut runs: Vec<&Done> = self.runs.iter().filter(|run| run.point == *point).collect();
        runs.sort_by_key(|run| run.turn);
        runs.into_iter().filter_map(|run| run.outcome.as_ref().ok())
    }

    /// The runs that came to nothing, a sentence each; of those that were made again the last one, and
    /// none where that came to something.
    pub fn failures(&self) -> Vec<String> {
        let is_same =
            |a: &Done, b: &Done| a.side == b.side && a.point == b.point && a.turn == b.turn;
        let is_last =
            |at: usize, run: &Done| !self.runs[at + 1..].iter().any(|later| is_same(run, later));
        let last = self.runs.iter().enumerate().filter(|(at, run)| is_last(*at, run));
        let sentences = last.filter_map(|(_, run)| {
            let reason = run.outcome.as_ref().err()?;
            let side = if run.side.is_empty() { "" } else { " side " };
            Some(format!("turn {} of{side}{} {}: {reason}", run.turn + 1, run.side, run.point))
        });
        sentences.collect()
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) schema_version: u32,
    #[serde(flatten)]
    pub(super) asked: Asked,
    pub(super) begun: Begun,
}

pub(super) fn header(folder: &Path) -> Result<Header> {
    let path = folder.join(ASKED);
    // Bytes: what is no text is told with the place from which on it is none.
    let text = fs::read(&path).with_context(|| match path.exists() {
        true => format!("{} could not be read", path.display()),
        false => format!("{} is not there: is there a series?", path.display()),
    })?;
    #[derive(Deserialize)]
    struct Version {
        schema_version: u32,
    }
    let Version { schema_version } = serde_json::from_slice(&text)
        .with_context(|| format!("{} says no version of its form", path.display()))?;
    if schema_version != SCHEMA_VERSION {
        bail!(
            "{} has the form of version {schema_version}, and this program reads {SCHEMA_VERSION}; use \
             the program that wrote it",
            path.display()
        );
    }
    let header: Header = serde_json::from_slice(&text)
        .with_context(|| format!("{} cannot be read", path.display()))?;
    if let Some(reason) = header.asked.impossible() {
        bail!("{} asks for what cannot be: {reason}", path.display());
    }
    Ok(header)
}

/// The runs, and how many bytes their whole lines have.
pub(super) fn read_runs(file: &File, path: &Path) -> Result<(Vec<Done>, u64)> {
    let mut reader = BufReader::new(file);
    let (mut runs, mut whole_bytes) = (Vec::new(), 0);
    for number in 1.. {
        // Bytes, because what was not written to its end may end in the middle of a character.
        let mut line = Vec::new();
        let read = reader.read_until(b'\n', &mut line);
        let read = read.with_context(|| format!("{}, line {number}", path.display()))?;
        if !line.ends_with(b"\n") {
            break;
        }
        let run: Done = serde_json::from_slice(&line)
            .with_context(|| format!("{}, line {number}, is no run", path.display()))?;
        let turn = run.turn.saturating_add(1);
        if let Some(reason) = bounds::impossible(&run.point).or_else(|| too_many(1, turn)) {
            bail!("{}, line {number}, has a run that cannot be: {reason}", path.display());
        }
        whole_bytes += read as u64;
        runs.push(run);
    }
    Ok((runs, whole_bytes))
}
