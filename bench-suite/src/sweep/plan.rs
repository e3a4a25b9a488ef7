//! What a sweep is to run: from flags, or from a file in TOML.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use super::Options;
use super::grid::{Axes, Grid};
use crate::job::{some_time, time_to_warm_up};
use crate::series::{Axis, How, Point, too_many};

/// How often each point runs where nothing is said.
const DEFAULT_TURNS: usize = 3;

/// How long each run is measured where nothing is said.
const DEFAULT_TIME: Duration = Duration::from_secs(3);

/// What comes before that.
const DEFAULT_WARM_UP: Duration = Duration::from_secs(1);

/// All that is to be run.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) axes: Axes,
    pub(super) grid: Grid,
    pub(super) turns: usize,
    pub(super) how: How,
}

/// A plan as it is written in a file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    turns: Option<usize>,
    #[serde(default, rename = "for", deserialize_with = "time_to_measure")]
    run_for: Option<Duration>,
    #[serde(default, deserialize_with = "time")]
    warm_up: Option<Duration>,
    stamped: Option<bool>,
    #[serde(default)]
    axes: BTreeMap<Axis, Vec<toml::Value>>,
}

/// A value of an axis as it would be written on the command line: `"100ms"`, or a plain number.
fn text_of(axis: Axis, value: toml::Value) -> Result<String, String> {
    match value {
        toml::Value::String(text) => Ok(text),
        toml::Value::Integer(number) => Ok(number.to_string()),
        other => Err(format!(
            "{axis}: a {} is no value; write text, as in \"100ms\", or a whole number",
            other.type_str()
        )),
    }
}

fn time_to_measure<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Duration>, D::Error> {
    some_time(&String::deserialize(d)?).map(Some).map_err(serde::de::Error::custom)
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    time_to_warm_up(&String::deserialize(deserializer)?).map(Some).map_err(serde::de::Error::custom)
}

impl Plan {
    /// Of these options; where there are a flag and a line in the file for the same, the flag counts.
    /// `Err` is a sentence about what is wrong.
    pub(super) fn of(options: &Options) -> Result<Self, String> {
        let written = options.plan.as_deref().map_or_else(|| Ok(Written::default()), read)?;
        let mut axes = Axes::default();
        for (axis, values) in written.axes {
            let in_file = |e| match &options.plan {
                Some(path) => format!("{}: {e}", path.display()),
                None => e,
            };
            let values: Result<Vec<String>, String> =
                values.into_iter().map(|value| text_of(axis, value)).collect();
            values.and_then(|values| axes.set(axis, values)).map_err(in_file)?;
        }
        for (axis, values) in options.axes.given() {
            axes.set(axis, values.to_vec())?;
        }
        let base = Point {
            from_memory_bytes: options.from_memory.map(|batch| batch.as_u64()),
            ..Point::default()
        };
        let grid = axes.grid(&base)?;
        for (axis, _) in axes.iter() {
            if let Some(reason) = grid.points.iter().find_map(|point| point.without_meaning(axis)) {
                return Err(reason);
            }
        }
        let turns = options.turns.or(written.turns).unwrap_or(DEFAULT_TURNS);
        if let Some(reason) = too_many(grid.points.len(), turns) {
            return Err(reason);
        }
        let stamped = options.stamped || written.stamped.unwrap_or(false);
        if stamped && options.from_memory.is_some() {
            return Err("stamped = true: lines of batches in memory have no stamps".into());
        }
        let how = How::new(
            options.run_for.or(written.run_for).unwrap_or(DEFAULT_TIME),
            options.warm_up.or(written.warm_up).unwrap_or(DEFAULT_WARM_UP),
            stamped,
        );
        Ok(Plan { axes, grid, turns, how })
    }
}

fn read(path: &Path) -> Result<Written, String> {
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    toml::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::given;

    fn plan(toml: &str, flags: &str) -> Result<Plan, String> {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("plan.toml");
        fs::write(&path, toml).unwrap();
        let words = ["--plan", path.to_str().unwrap()].into_iter();
        Plan::of(&given(words.chain(flags.split_whitespace())).unwrap())
    }

    const TOML: &str = "turns = 2\nfor = \"4s\"\n\
        [axes]\nbatch = [\"100ms\", \"1s\"]\nparallelism = [1, 2]\n";

    #[test]
    fn a_file_and_flags_say_the_same_and_flags_count() {
        let written = plan(TOML, "").unwrap();
        assert_eq!(
            (written.grid.points.len(), written.turns, written.how.run_for_ms),
            (4, 2, 4000)
        );
        let flags = "--batch 100ms,1s --parallelism 1,2 --turns 2 --for 4s";
        assert_eq!(plan("", flags).unwrap(), written);
        let fewer = plan(TOML, "--batch 2s --stamped").unwrap();
        let told: Vec<_> = fewer.grid.points.iter().map(|p| (p.batch_ms, p.parallelism)).collect();
        assert_eq!(told, [(2000, Some(1)), (2000, Some(2))]);
        assert!(fewer.how.stamped);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_with_its_line() {
        for (toml, says) in [
            ("turn = 3", "unknown field `turn`"),
            ("[axes]\nbach = [\"1s\"]", "bach"),
            ("[axes]\nbatch = []", "the axis batch has no values"),
            ("[axes]\nbatch = [\"soon\"]", "batch \"soon\""),
            ("for = \"long\"", "write it as in 3s"),
            ("for = \"0s\"", "at least 10ms"),
            ("[axes]\nkeys = [-5]", "keys \"-5\""),
            ("[axes]\nkeys = [1.5]", "keys: a float is no value"),
            ("warm-up = \"long\"", "write it as in 3s"),
            ("turns = 0", "0 turns cannot be"),
            ("turns = 10001", "at most 10000 times"),
            ("for = \"500000000y\"", "at most 7days"),
            ("warm-up = \"500y\"", "at most 7days"),
            ("[axes]\nkeys = [1, 10000000000]", "between 1 and 10000000"),
            ("turns =", "line 1"),
        ] {
            let refusal = plan(toml, "").unwrap_err();
            assert!(refusal.contains(says), "{toml}: {refusal}");
        }
        let options = given(["--plan", "/nowhere.toml"]).unwrap();
        assert!(Plan::of(&options).unwrap_err().starts_with("/nowhere.toml: "));
    }
}
