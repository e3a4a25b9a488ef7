//! A series in a folder: what was asked for, and a line for each run that is over. A line is written when
//! its run is over and is there for good, so a series that is cut short can be gone on with.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use loadgen::Objective;
use serde::{Deserialize, Serialize};

use super::{Axis, How, Point, Run};
use crate::doctor::Checkup;
use crate::machine::Machine;

/// The version of the files' form.
pub const SCHEMA_VERSION: u32 = 1;

/// The file of what was asked for.
const ASKED: &str = "series.json";

/// The file of the runs, a JSON line each.
const RUNS: &str = "runs.ndjson";

/// What made a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Points of a grid.
    Sweep,
    /// One point at rates that close in on the highest that it sustains.
    Search,
    /// Two sides, in pairs.
    Comparison,
}

/// What a series is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// What made it.
    pub kind: Kind,
    /// The command that makes one like it.
    pub command: String,
    /// All points, in the order in which they are told. Those of a search come as it goes on, and
    /// those of a comparison are its sides'.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<Point>,
    /// The sides of a comparison.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sides: Vec<Side>,
    /// How often each point, or each side, runs.
    pub turns: usize,
    /// How each is run.
    pub how: How,
    /// What is asked of a run beside that it could go on for ever.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "written")]
    pub objectives: Vec<Objective>,
}

impl Asked {
    /// The axes along which its points differ.
    pub fn varied(&self) -> Vec<Axis> {
        let differs = |axis: &Axis| {
            self.points.windows(2).any(|points| axis.of(&points[0]) != axis.of(&points[1]))
        };
        Axis::ALL.into_iter().filter(differs).collect()
    }
}

/// One of the sides of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// What it is called: `A`, `B`.
    pub name: String,
    /// The program that it is run with; nothing for the one that compares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<PathBuf>,
    /// What it runs.
    pub point: Point,
    /// So much more work for each line, as a share.
    #[serde(default)]
    pub slow: f64,
}

/// Where and when it was begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Begun {
    /// On this machine.
    pub machine: Machine,
    /// In this state.
    pub checkup: Checkup,
    /// At this time, as in `2026-11-26T10:00:00Z`.
    pub at: String,
}

impl Begun {
    /// Here and now; looking at the machine takes three seconds.
    pub(crate) fn now() -> Self {
        Begun {
            machine: Machine::here(),
            checkup: Checkup::before_measuring(),
            at: Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Header {
    schema_version: u32,
    #[serde(flatten)]
    asked: Asked,
    begun: Begun,
}

/// A run of a series that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// Which side's, in a comparison.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub side: String,
    /// Of which point.
    pub point: Point,
    /// Which turn, from 0.
    pub turn: usize,
    /// What it came to, or why to nothing.
    #[serde(with = "ran")]
    pub outcome: Result<Run, String>,
}

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
}

/// A series that is there, with the runs so far.
#[derive(Debug)]
pub struct Series {
    folder: PathBuf,
    asked: Asked,
    begun: Begun,
    runs: Vec<Done>,
    file: File,
}

impl Series {
    /// Begins one in a folder that is made for it.
    pub fn begin(folder: &Path, asked: Asked, begun: Begun) -> Result<Self> {
        fs::create_dir_all(folder)
            .with_context(|| format!("{} could not be made", folder.display()))?;
        let header = Header { schema_version: SCHEMA_VERSION, asked, begun };
        let path = folder.join(ASKED);
        let text = serde_json::to_string_pretty(&header)? + "\n";
        fs::write(&path, text)
            .with_context(|| format!("{} could not be written", path.display()))?;
        let path = folder.join(RUNS);
        let file = OpenOptions::new().create_new(true).append(true).open(&path);
        let file = file.with_context(|| format!("{} could not be made", path.display()))?;
        let Header { asked, begun, .. } = header;
        Ok(Series { folder: folder.into(), asked, begun, runs: Vec::new(), file })
    }

    /// The one that is kept in a folder. A last line that was not written to its end is cut off: its run
    /// will be made again. Any other line that cannot be read is an error.
    pub fn open(folder: &Path) -> Result<Self> {
        let Header { asked, begun, .. } = header(folder)?;
        let path = folder.join(RUNS);
        let could_not = |what: &str| format!("{} could not be {what}", path.display());
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .open(&path)
            .with_context(|| could_not("opened"))?;
        let (runs, whole_bytes) = read_runs(&file, &path)?;
        file.set_len(whole_bytes).with_context(|| could_not("cut after its last whole line"))?;
        file.seek(SeekFrom::End(0)).with_context(|| could_not("read"))?;
        Ok(Series { folder: folder.into(), asked, begun, runs, file })
    }

    /// Where it is kept.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What it is of.
    pub fn asked(&self) -> &Asked {
        &self.asked
    }

    /// Where and when it was begun.
    pub fn begun(&self) -> &Begun {
        &self.begun
    }

    /// All runs so far, in the order in which they were over.
    pub fn runs(&self) -> &[Done] {
        &self.runs
    }

    /// Whether a run that was asked for is there and came to something.
    pub fn has(&self, side: &str, point: &Point, turn: usize) -> bool {
        self.runs.iter().any(|run| {
            run.side == side && run.point == *point && run.turn == turn && run.outcome.is_ok()
        })
    }

    /// Adds a run, and returns when it is there for good. Where the disk has no room the file is left as it
    /// was, with the runs before.
    pub fn add(&mut self, run: Done) -> Result<()> {
        let line = serde_json::to_string(&run)? + "\n";
        let before = self.file.metadata().map(|file| file.len());
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        if let Err(e) = written {
            if let Ok(before) = before {
                self.file.set_len(before).unwrap_or(());
            }
            return Err(e).with_context(|| {
                format!(
                    "{} could not be written; the {} runs before are kept: make room and go on",
                    self.folder.join(RUNS).display(),
                    self.runs.len()
                )
            });
        }
        self.runs.push(run);
        Ok(())
    }

    /// The runs of a point that came to something, in the order of their turns.
    pub fn of<'a>(&'a self, point: &'a Point) -> impl Iterator<Item = &'a Run> {
        let mut runs: Vec<&Done> = self.runs.iter().filter(|run| run.point == *point).collect();
        runs.sort_by_key(|run| run.turn);
        runs.into_iter().filter_map(|run| run.outcome.as_ref().ok())
    }

    /// The runs that came to nothing, a sentence each; those that were made again with success left
    /// out.
    pub fn failures(&self) -> Vec<String> {
        let failed = self.runs.iter().filter(|run| !self.has(&run.side, &run.point, run.turn));
        let sentences = failed.filter_map(|run| {
            let reason = run.outcome.as_ref().err()?;
            Some(format!("turn {} of {}: {reason}", run.turn + 1, run.point))
        });
        sentences.collect()
    }
}

fn header(folder: &Path) -> Result<Header> {
    let path = folder.join(ASKED);
    let text = fs::read_to_string(&path)
        .with_context(|| format!("{} could not be read: is there a series?", path.display()))?;
    #[derive(Deserialize)]
    struct Version {
        schema_version: u32,
    }
    let Version { schema_version } = serde_json::from_str(&text)
        .with_context(|| format!("{} says no version of its form", path.display()))?;
    if schema_version != SCHEMA_VERSION {
        bail!(
            "{} has the form of version {schema_version}, and this program reads {SCHEMA_VERSION}; use \
             the program that wrote it",
            path.display()
        );
    }
    serde_json::from_str(&text).with_context(|| format!("{} cannot be read", path.display()))
}

/// The runs, and how many bytes their whole lines have.
fn read_runs(file: &File, path: &Path) -> Result<(Vec<Done>, u64)> {
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
        whole_bytes += read as u64;
        runs.push(run);
    }
    Ok((runs, whole_bytes))
}

/// Objectives as they are written on the command line.
mod written {
    use loadgen::Objective;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        objectives: &[Objective],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let written: Vec<String> = objectives.iter().map(ToString::to_string).collect();
        written.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Objective>, D::Error> {
        let written = Vec::<String>::deserialize(deserializer)?;
        written.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
    }
}

/// An outcome as a field: `{"run": ..}` or `{"failed": "why"}`.
mod ran {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Run;

    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Owned {
        Run(Box<Run>),
        Failed(String),
    }

    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case")]
    enum Lent<'a> {
        Run(&'a Run),
        Failed(&'a str),
    }

    pub(super) fn serialize<S: Serializer>(
        outcome: &Result<Run, String>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        outcome.as_ref().map_or_else(|e| Lent::Failed(e), Lent::Run).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Result<Run, String>, D::Error> {
        Ok(match Owned::deserialize(deserializer)? {
            Owned::Run(run) => Ok(*run),
            Owned::Failed(reason) => Err(reason),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::job::Summary;

    fn asked() -> Asked {
        let how = How { run_for_ms: 2000, warm_up_ms: 1000, stamped: false };
        let points = vec![Point::default(), Point { batch_ms: 100, ..Point::default() }];
        let command = "bench-suite sweep".into();
        let objectives = vec!["latency.p99<1s".parse().unwrap()];
        Asked { kind: Kind::Sweep, command, points, sides: Vec::new(), turns: 2, how, objectives }
    }

    fn begun() -> Begun {
        Begun {
            machine: Machine::here(),
            checkup: Checkup::of_nothing(),
            at: "2026-11-26T10:00:00Z".into(),
        }
    }

    fn run(batch_ms: i64, turn: usize) -> Done {
        let job = Summary {
            workload: "für Wörter".into(),
            batch_interval_ms: batch_ms,
            lines_per_s: 5.5,
            ..Summary::default()
        };
        let outcome = Ok(Run { job, load: None });
        Done { side: String::new(), point: Point { batch_ms, ..Point::default() }, turn, outcome }
    }

    fn failed(batch_ms: i64, turn: usize) -> Done {
        Done { outcome: Err("the load ended early".into()), ..run(batch_ms, turn) }
    }

    #[test]
    fn what_is_kept_is_read_as_it_was() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("a series");
        let mut series = Series::begin(&folder, asked(), begun()).unwrap();
        let runs = [run(1000, 0), failed(100, 0), run(100, 1)];
        runs.iter().for_each(|run| series.add(run.clone()).unwrap());
        let again = Series::open(&folder).unwrap();
        assert_eq!((again.asked(), again.begun(), again.runs()), (&asked(), &begun(), &runs[..]));
        let kept = Kept { asked: asked(), begun: begun(), runs: runs.to_vec() };
        assert_eq!(Kept::read(&folder).unwrap(), kept);
        assert!(Series::begin(&folder, asked(), begun()).is_err(), "nothing is written over");
    }

    #[test]
    fn a_run_that_failed_is_one_to_make_again() {
        let home = tempfile::tempdir().unwrap();
        let mut series = Series::begin(home.path(), asked(), begun()).unwrap();
        series.add(failed(100, 0)).unwrap();
        let point = &asked().points[1];
        assert!(!series.has("", point, 0));
        assert!(series.failures()[0].contains("batch 100ms"), "{:?}", series.failures());
        series.add(run(100, 0)).unwrap();
        assert!(
            series.has("", point, 0) && !series.has("A", point, 0) && !series.has("", point, 1)
        );
        assert_eq!(series.failures(), [] as [&str; 0]);
        assert_eq!(series.of(point).count(), 1);
    }

    #[test]
    fn a_line_that_was_not_written_to_its_end_is_cut_off_wherever_it_ends() {
        let home = tempfile::tempdir().unwrap();
        let mut series = Series::begin(home.path(), asked(), begun()).unwrap();
        series.add(run(1000, 0)).unwrap();
        let path = home.path().join(RUNS);
        let whole = fs::read(&path).unwrap();
        series.add(run(100, 0)).unwrap();
        let both = fs::read(&path).unwrap();
        let in_a_character = both.windows(2).rposition(|two| two == "ü".as_bytes()).unwrap() + 1;
        let half = (whole.len() + both.len()) / 2;
        for cut in [whole.len() + 1, half, in_a_character, both.len() - 1] {
            fs::write(&path, &both[..cut]).unwrap();
            assert_eq!(Kept::read(home.path()).unwrap().runs, [run(1000, 0)], "{cut}");
            assert_eq!(fs::metadata(&path).unwrap().len(), cut as u64, "reading changes nothing");
            let mut series = Series::open(home.path()).unwrap();
            assert_eq!(series.runs(), [run(1000, 0)], "{cut}");
            series.add(run(100, 0)).unwrap();
            assert_eq!(fs::read(&path).unwrap(), both, "{cut}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        let home = tempfile::tempdir().unwrap();
        let refused = || format!("{:#}", Series::open(home.path()).unwrap_err());
        assert!(refused().contains("is there a series?"), "{}", refused());
        let mut series = Series::begin(home.path(), asked(), begun()).unwrap();
        series.add(run(1000, 0)).unwrap();
        let (asked, runs) = (home.path().join(ASKED), home.path().join(RUNS));
        let mut line = String::new();
        File::open(&runs).unwrap().read_to_string(&mut line).unwrap();
        fs::write(&runs, format!("{line}{{}}\n")).unwrap();
        assert!(refused().contains("runs.ndjson, line 2"), "{}", refused());
        let text = fs::read_to_string(&asked).unwrap();
        fs::write(&asked, text.replace("\"schema_version\": 1", "\"schema_version\": 9")).unwrap();
        assert!(refused().contains("version 9, and this program reads 1"), "{}", refused());
        fs::write(&asked, "{}").unwrap();
        assert!(refused().contains("says no version"), "{}", refused());
    }
}
