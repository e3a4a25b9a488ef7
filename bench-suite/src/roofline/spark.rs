//! What was found against Spark on this machine, by the script that finds it out.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::aligned::aligned;

/// The last result that is kept of a comparison with Spark.
#[derive(Debug, Serialize)]
pub(super) struct AgainstSpark {
    folder: PathBuf,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Row {
    workload: String,
    spark_held_lines_per_s: Option<f64>,
    ours_lines_per_s: f64,
    ratio: f64,
    target: f64,
    met: bool,
    valid: bool,
}

#[derive(Deserialize)]
struct Raw {
    rows: Vec<Row>,
}

impl AgainstSpark {
    /// The last one in `results` of a machine of this short name; nothing where there is none.
    pub(super) fn last(results: &Path, machine: &str) -> Result<Option<Self>> {
        let Ok(entries) = fs::read_dir(results) else { return Ok(None) };
        let is_one = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.contains(&format!("-{machine}-spark"))
        };
        // Names begin with the date, and of one day the last has the longest or the highest number.
        let folders = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_one);
        let last = folders.max_by_key(|path| {
            let name = path.file_name().map(ToOwned::to_owned).unwrap_or_default();
            (name.to_string_lossy().get(..10).map(String::from), name.len(), name)
        });
        let Some(folder) = last else { return Ok(None) };
        let path = folder.join("raw.json");
        let text = fs::read_to_string(&path)
            .with_context(|| format!("{} could not be read", path.display()))?;
        let raw: Raw = serde_json::from_str(&text)
            .with_context(|| format!("{} is no comparison with Spark", path.display()))?;
        Ok(Some(AgainstSpark { folder, rows: raw.rows }))
    }

    /// The table, and where it is from.
    pub(super) fn told(&self) -> String {
        let head = ["against Spark's DStreams", "Spark M/s", "ours M/s", "ratio", "target", "met"];
        let cells = |row: &Row| {
            [
                row.workload.clone(),
                row.spark_held_lines_per_s.map_or("-".into(), |held| format!("{:.2}", held / 1e6)),
                format!("{:.2}", row.ours_lines_per_s / 1e6),
                format!("{:.1}", row.ratio),
                format!("{:.0}", row.target),
                match (row.valid, row.met) {
                    (false, _) => "not valid".into(),
                    (true, met) => if met { "yes" } else { "NO" }.into(),
                },
            ]
        };
        format!(
            "{}\nMeasured by scripts/against-spark.sh, kept in {}.\n",
            aligned(head, self.rows.iter().map(cells)),
            self.folder.display()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(results: &Path, name: &str, ratio: f64) {
        let folder = results.join(name);
        fs::create_dir_all(&folder).unwrap();
        let raw = format!(
            r#"{{"schema_version": 1, "rows": [{{"workload": "grep", "spark_held_lines_per_s": 2e6,
                "ours_lines_per_s": 5e7, "ratio": {ratio}, "target": 10, "met": true, "valid": true}}]}}"#
        );
        fs::write(folder.join("raw.json"), raw).unwrap();
    }

    #[test]
    fn the_last_one_of_this_machine_is_told() {
        let home = tempfile::tempdir().unwrap();
        let last = || AgainstSpark::last(home.path(), "m-2core").unwrap();
        assert!(last().is_none());
        for (name, ratio) in [
            ("2026-01-02-m-2core-spark", 1.0),
            ("2026-02-01-m-2core-spark", 2.0),
            ("2026-02-01-m-2core-spark-9", 3.0),
            ("2026-02-01-m-2core-spark-10", 25.0),
            ("2026-03-01-other-2core-spark", 5.0),
            ("2026-03-01-m-2core-quick", 6.0),
        ] {
            keep(home.path(), name, ratio);
        }
        let told = last().unwrap().told();
        assert!(told.contains("25.0") && told.contains("spark-10"), "{told}");
    }

    #[test]
    fn a_result_that_cannot_be_read_is_named() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("2026-02-01-m-2core-spark");
        fs::create_dir(&folder).unwrap();
        let error = || format!("{:#}", AgainstSpark::last(home.path(), "m-2core").unwrap_err());
        assert!(error().contains("raw.json could not be read"), "{}", error());
        fs::write(folder.join("raw.json"), "{}").unwrap();
        assert!(error().contains("raw.json is no comparison with Spark"), "{}", error());
    }
}
