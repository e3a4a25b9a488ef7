//! A series in a folder: what was asked for, and a line for each run that is over. A line is written when
//! its run is over and is there for good, so a series that is cut short can be gone on with.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result, bail};

use super::kept::{ASKED, Header, RUNS, header, read_runs};
use super::{Asked, Begun, Done, Kept, SCHEMA_VERSION};
use crate::whole_file;

/// A series that is there, with the runs so far. No other process can add to it meanwhile.
#[derive(Debug)]
pub struct Series {
    folder: PathBuf,
    kept: Kept,
    file: File,
}

impl Series {
    /// Whether one can begin in a folder: where that is not there, or is empty. `Err` says what is in the
    /// way.
    pub fn can_begin_in(folder: &Path) -> Result<(), String> {
        let shown = folder.display();
        let mut there = match fs::read_dir(folder) {
            Ok(there) => there,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
            Err(e) if e.kind() == ErrorKind::NotADirectory => {
                return Err(format!(
                    "{shown} is no folder, nor can one be made there; name another"
                ));
            }
            Err(e) => return Err(format!("{shown} could not be read: {e}")),
        };
        if [ASKED, RUNS].iter().any(|file| folder.join(file).exists()) {
            return Err(format!(
                "{shown} holds a series already, which is left as it is: go on with it, if it is a \
                 sweep, by --resume, or name another folder"
            ));
        }
        match there.next() {
            None => Ok(()),
            Some(_) => Err(format!(
                "{shown} is not empty, and what is in it is left as it is: name a folder that is not \
                 there, or an empty one"
            )),
        }
    }

    /// Begins one in a folder that is made for it. Where there is something in it already that is left as
    /// it is, and that is an error.
    pub fn begin(folder: &Path, asked: Asked, begun: Begun) -> Result<Self> {
        Series::can_begin_in(folder).map_err(Error::msg)?;
        fs::create_dir_all(folder)
            .with_context(|| format!("{} could not be made", folder.display()))?;
        let header = Header { schema_version: SCHEMA_VERSION, asked, begun };
        let text = serde_json::to_string_pretty(&header)? + "\n";
        let file = new_file(folder, RUNS)?;
        lock(&file, folder)?;
        if let Err(e) = whole_file::write(&folder.join(ASKED), text) {
            // Without it the folder holds no series: nothing in the way of another try is left.
            fs::remove_file(folder.join(RUNS)).and_then(|()| fs::remove_dir(folder)).ok();
            return Err(e);
        }
        let Header { asked, begun, .. } = header;
        Ok(Series { folder: folder.into(), kept: Kept { asked, begun, runs: Vec::new() }, file })
    }

    /// The one that is kept in a folder. A last line that was not written to its end is cut off: its run
    /// will be made again. Any other line that cannot be read is an error.
    pub fn open(folder: &Path) -> Result<Self> {
        let Header { asked, begun, .. } = header(folder)?;
        let path = folder.join(RUNS);
        let could_not = |what: &str| format!("{} could not be {what}", path.display());
        // One that was stopped before its first run may have none.
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .with_context(|| could_not("opened"))?;
        lock(&file, folder)?;
        let (runs, whole_bytes) = read_runs(&file, &path)?;
        file.set_len(whole_bytes).with_context(|| could_not("cut after its last whole line"))?;
        file.seek(SeekFrom::End(0)).with_context(|| could_not("read"))?;
        Ok(Series { folder: folder.into(), kept: Kept { asked, begun, runs }, file })
    }

    /// Where it is kept.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All that is kept of it so far.
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Adds a run, and returns when it is there for good. Where the disk has no room the file is left as it
    /// was, with the runs before.
    pub fn add(&mut self, run: Done) -> Result<()> {
        let line = serde_json::to_string(&run)? + "\n";
        let before = self.file.metadata().map(|file| file.len());
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data());
        if let Err(e) = written {
            // Where it cannot be cut now, whoever opens it next cuts what is not a whole line.
            before.and_then(|before| self.file.set_len(before)).ok();
            return Err(e).with_context(|| {
                format!(
                    "{} could not be written; the {} runs before are kept: make room and go on",
                    self.folder.join(RUNS).display(),
                    self.kept.runs.len()
                )
            });
        }
        self.kept.runs.push(run);
        Ok(())
    }
}

/// Another process that begins in the same folder at the same time makes this fail.
fn new_file(folder: &Path, name: &str) -> Result<File> {
    let path = folder.join(name);
    let file = OpenOptions::new().create_new(true).append(true).open(&path);
    file.with_context(|| format!("{} could not be made", path.display()))
}

/// Two that add to the same series would both make the runs that are not there.
fn lock(file: &File, folder: &Path) -> Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            bail!("another process adds to {}: wait until it is done", folder.display())
        }
        Err(TryLockError::Error(e)) => {
            Err(e).with_context(|| format!("{} could not be locked", folder.display()))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::doctor::Checkup;
    use crate::job::Summary;
    use crate::machine::Machine;
    use crate::series::{How, Kind, Point, Run};

    fn asked() -> Asked {
        let how = How { run_for_ms: 2000, warm_up_ms: 1000, stamped: false };
        let points = vec![Point::default(), Point { batch_ms: 100, ..Point::default() }];
        let objectives = vec!["latency.p99<1s".parse().unwrap()];
        Asked { points, objectives, ..Asked::new(Kind::Sweep, "bench-suite sweep".into(), 2, how) }
    }

    fn begun() -> Begun {
        Begun {
            machine: Machine::here(),
            checkup: Checkup::of_nothing(),
            program: "00c0ffee".into(),
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
        let kept = Kept { asked: asked(), begun: begun(), runs: runs.to_vec() };
        assert_eq!((series.kept(), &Kept::read(&folder).unwrap()), (&kept, &kept));
        drop(series);
        assert_eq!(Series::open(&folder).unwrap().kept(), &kept);
    }

    #[test]
    fn nothing_is_written_over_and_one_process_at_a_time_adds() {
        let home = tempfile::tempdir().unwrap();
        let mut series = Series::begin(home.path(), asked(), begun()).unwrap();
        series.add(run(1000, 0)).unwrap();
        let other = Asked { turns: 99, ..asked() };
        let refused = Series::begin(home.path(), other, begun()).unwrap_err().to_string();
        assert!(refused.contains("holds a series already"), "{refused}");
        let refused = Series::open(home.path()).unwrap_err().to_string();
        assert!(refused.contains("another process adds to"), "{refused}");
        let before = series.kept().clone();
        drop(series);
        assert_eq!(Series::open(home.path()).unwrap().kept(), &before);
    }

    #[test]
    fn what_is_in_a_folder_is_left_as_it_is() {
        let home = tempfile::tempdir().unwrap();
        let readme = home.path().join("README.md");
        fs::write(&readme, "# A project\n").unwrap();
        for (place, says) in [
            (home.path(), "is not empty"),
            (readme.as_path(), "is no folder"),
            (&readme.join("below"), "is no folder"),
        ] {
            let refused = Series::begin(place, asked(), begun()).unwrap_err().to_string();
            assert!(refused.contains(says), "{refused}");
        }
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
        assert_eq!(fs::read_to_string(&readme).unwrap(), "# A project\n");
    }

    #[test]
    fn a_run_that_failed_is_one_to_make_again() {
        let home = tempfile::tempdir().unwrap();
        let mut series = Series::begin(home.path(), asked(), begun()).unwrap();
        series.add(failed(100, 0)).unwrap();
        let point = &asked().points[1];
        assert!(!series.kept().has("", point, 0));
        assert!(series.kept().failures()[0].contains("batch 100ms"));
        series.add(run(100, 0)).unwrap();
        let kept = series.kept();
        assert!(kept.has("", point, 0) && !kept.has("A", point, 0) && !kept.has("", point, 1));
        assert_eq!(kept.failures(), [] as [&str; 0]);
        assert_eq!(kept.of(point).count(), 1);
    }

    #[test]
    fn a_line_that_was_not_written_to_its_end_is_cut_off_wherever_it_ends() {
        let home = tempfile::tempdir().unwrap();
        let mut series = Series::begin(home.path(), asked(), begun()).unwrap();
        series.add(run(1000, 0)).unwrap();
        let path = home.path().join(RUNS);
        let whole = fs::read(&path).unwrap();
        series.add(run(100, 0)).unwrap();
        drop(series);
        let both = fs::read(&path).unwrap();
        let in_a_character = both.windows(2).rposition(|two| two == "ü".as_bytes()).unwrap() + 1;
        let half = (whole.len() + both.len()) / 2;
        for cut in [whole.len() + 1, half, in_a_character, both.len() - 1] {
            fs::write(&path, &both[..cut]).unwrap();
            assert_eq!(Kept::read(home.path()).unwrap().runs, [run(1000, 0)], "{cut}");
            assert_eq!(fs::metadata(&path).unwrap().len(), cut as u64, "reading changes nothing");
            let mut series = Series::open(home.path()).unwrap();
            assert_eq!(series.kept().runs, [run(1000, 0)], "{cut}");
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
        drop(series);
        let (asked, runs) = (home.path().join(ASKED), home.path().join(RUNS));
        let mut line = String::new();
        File::open(&runs).unwrap().read_to_string(&mut line).unwrap();
        fs::write(&runs, format!("{line}{{}}\n")).unwrap();
        assert!(refused().contains("runs.ndjson, line 2"), "{}", refused());
        let text = fs::read_to_string(&asked).unwrap();
        fs::write(&asked, text.replace("\"schema_version\": 1", "\"schema_version\": 9")).unwrap();
        assert!(refused().contains("version 9, and this program reads 1"), "{}", refused());
        fs::write(&asked, text.replace("\"turns\": 2", "\"turns\": 1000000000000000000")).unwrap();
        assert!(refused().contains("turns cannot be"), "{}", refused());
        let mut no_text = text.clone().into_bytes();
        no_text[text.find("bench-suite sweep").unwrap()] = 0xff;
        fs::write(&asked, no_text).unwrap();
        assert!(refused().contains("cannot be read: invalid unicode"), "{}", refused());
        fs::write(&asked, "{}").unwrap();
        assert!(refused().contains("says no version"), "{}", refused());
    }
}
