//! The run second by second, in files.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use loadgen::{Error, HdrLog, Progress, Result};

const COLUMNS: &str = "seconds,interval_s,records,bytes,due,lines_per_s,mb_per_s,connections,\
                       warm_up,lag_p50_ms,lag_p90_ms,lag_p99_ms,lag_p99.9_ms,lag_p99.99_ms,\
                       lag_max_ms,raw_lag_p50_ms,raw_lag_p90_ms,raw_lag_p99_ms,raw_lag_p99.9_ms,\
                       raw_lag_p99.99_ms,raw_lag_max_ms";

/// The files that are asked for.
pub(crate) struct Series {
    csv: Option<(PathBuf, BufWriter<File>)>,
    hdr_log: Option<(PathBuf, HdrLog<BufWriter<File>>)>,
}

impl Series {
    /// Creates the files, so that a place that cannot be written to is told before the run.
    pub(crate) fn create(csv: Option<&Path>, hdr_log: Option<&Path>) -> Result<Self> {
        let csv = csv.map(|path| {
            let mut file = create(path)?;
            writeln!(file, "{COLUMNS}").map_err(|source| failed(path, source))?;
            Ok::<_, Error>((path.to_owned(), file))
        });
        let hdr_log = hdr_log.map(|path| {
            let log = HdrLog::begin(create(path)?).map_err(|source| failed(path, source))?;
            Ok::<_, Error>((path.to_owned(), log))
        });
        Ok(Self { csv: csv.transpose()?, hdr_log: hdr_log.transpose()? })
    }

    /// Adds a tick. A file that cannot be written to any more is given up, each with a sentence: the
    /// run is worth more than its record.
    pub(crate) fn add(&mut self, progress: &Progress) -> Vec<String> {
        let mut sentences = Vec::new();
        self.csv.take_if(|(path, file)| {
            let written = writeln!(file, "{}", row(progress)).and_then(|()| file.flush());
            given_up(path, written, &mut sentences)
        });
        self.hdr_log.take_if(|(path, log)| {
            let interval = Duration::from_secs_f64(progress.interval_s);
            given_up(path, log.write(&progress.lag, interval), &mut sentences)
        });
        sentences
    }
}

fn create(path: &Path) -> Result<BufWriter<File>> {
    File::create(path).map(BufWriter::new).map_err(|source| failed(path, source))
}

fn failed(path: &Path, source: io::Error) -> Error {
    Error::File { doing: "write", path: path.to_owned(), error: source }
}

fn given_up(path: &Path, written: io::Result<()>, sentences: &mut Vec<String>) -> bool {
    if let Err(error) = &written {
        sentences.push(format!("{} is given up: {error}", path.display()));
    }
    written.is_err()
}

fn row(progress: &Progress) -> String {
    let due = progress.due.map(|due| due.to_string()).unwrap_or_default();
    let mut row = format!(
        "{:.3},{:.3},{},{},{due},{:.1},{:.3},{},{}",
        progress.seconds,
        progress.interval_s,
        progress.records,
        progress.bytes,
        progress.lines_per_s,
        progress.mb_per_s,
        progress.connections,
        u8::from(progress.is_warm_up),
    );
    for percentiles in [progress.lag.corrected(), progress.lag.raw()] {
        for (name, ms) in percentiles.named() {
            match name {
                "mean" => {}
                _ if progress.lag.records() == 0 => row.push(','),
                _ => row.push_str(&format!(",{ms:.3}")),
            }
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_a_value_for_each_column() {
        let columns = COLUMNS.split(',').count();
        let mut progress = Progress::default();
        assert_eq!(row(&progress).split(',').count(), columns);
        progress.lag.record_us(5_000, 1_000, 10);
        let row = row(&progress);
        assert_eq!(row.split(',').count(), columns);
        assert!(row.ends_with(",5.003,1.000,1.000,1.000,1.000,1.000,1.000"), "{row}");
    }
}
