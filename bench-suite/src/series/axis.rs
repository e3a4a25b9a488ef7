//! The axes along which points lie.

use std::fmt;
use std::time;

use bytesize::ByteSize;
use clap::ValueEnum;
use millstream::Duration;
use serde::{Deserialize, Serialize};

use super::{Point, bounds};
use crate::job::{self, Workload};

/// One thing that points may differ in.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Axis {
    /// What is done with the lines
    Workload,
    /// The batch interval
    Batch,
    /// The block interval
    Block,
    /// The window's length
    Window,
    /// The window's slide
    Slide,
    /// Tasks at once
    Parallelism,
    /// Connections
    Connections,
    /// Different words or keys
    Keys,
    /// Lines a second
    Rate,
}

impl Axis {
    /// All of them, in the order in which points are told.
    pub const ALL: [Axis; 9] = [
        Axis::Workload,
        Axis::Batch,
        Axis::Block,
        Axis::Window,
        Axis::Slide,
        Axis::Parallelism,
        Axis::Connections,
        Axis::Keys,
        Axis::Rate,
    ];

    /// Its name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Axis::Workload => "workload",
            Axis::Batch => "batch",
            Axis::Block => "block",
            Axis::Window => "window",
            Axis::Slide => "slide",
            Axis::Parallelism => "parallelism",
            Axis::Connections => "connections",
            Axis::Keys => "keys",
            Axis::Rate => "rate",
        }
    }

    /// Puts a value, as it is written on the command line, into a point. `Err` says what is wrong with it.
    pub fn set(self, point: &mut Point, value: &str) -> Result<(), String> {
        let wrong = |reason: String| format!("{} {value:?}: {reason}", self.name());
        let interval = || job::interval(value).map(Duration::as_millis).map_err(wrong);
        let count = || job::at_least_one(value).map_err(wrong);
        match self {
            Axis::Workload => {
                point.workload = Workload::from_str(value, false).map_err(|_| {
                    let names: Vec<&str> =
                        Workload::value_variants().iter().map(|workload| workload.name()).collect();
                    wrong(format!("there is no such workload; there are {}", names.join(", ")))
                })?;
            }
            Axis::Batch => point.batch_ms = interval()?,
            Axis::Block => point.block_ms = Some(interval()?),
            Axis::Window => point.window_ms = Some(interval()?),
            Axis::Slide => point.slide_ms = Some(interval()?),
            Axis::Parallelism => point.parallelism = Some(count()?),
            Axis::Connections => point.connections = count()?,
            Axis::Keys => point.keys = count()?,
            Axis::Rate => {
                let schedule: loadgen::Schedule =
                    value.parse().map_err(|e: loadgen::Error| wrong(e.to_string()))?;
                point.rate = schedule.to_string();
            }
        }
        bounds::impossible(point).map_or(Ok(()), |reason| Err(wrong(reason)))
    }

    /// A point's value, as it is written on the command line; nothing where it is left to the default.
    pub fn of(self, point: &Point) -> Option<String> {
        let interval = |ms: i64| match ms {
            ms if ms % 1000 == 0 => format!("{}s", ms / 1000),
            ms => format!("{ms}ms"),
        };
        match self {
            Axis::Workload => Some(point.workload.name().into()),
            Axis::Batch => Some(interval(point.batch_ms)),
            Axis::Block => point.block_ms.map(interval),
            Axis::Window => point.window_ms.map(interval),
            Axis::Slide => point.slide_ms.map(interval),
            Axis::Parallelism => point.parallelism.map(|n| n.to_string()),
            Axis::Connections => Some(point.connections.to_string()),
            Axis::Keys => Some(point.keys.to_string()),
            Axis::Rate => Some(point.rate.clone()),
        }
    }

    /// A point's value as a number to lay out along an axis: milliseconds, counts, lines a second.
    pub fn number_of(self, point: &Point) -> Option<f64> {
        match self {
            Axis::Workload => None,
            Axis::Batch => Some(point.batch_ms as f64),
            Axis::Block => point.block_ms.map(|ms| ms as f64),
            Axis::Window => point.window_ms.map(|ms| ms as f64),
            Axis::Slide => point.slide_ms.map(|ms| ms as f64),
            Axis::Parallelism => point.parallelism.map(|n| n as f64),
            Axis::Connections => Some(point.connections as f64),
            Axis::Keys => Some(point.keys as f64),
            Axis::Rate => match point.rate.parse::<loadgen::Schedule>().ok()?.pace {
                loadgen::Pace::Constant { lines_per_s } => Some(lines_per_s),
                _ => None,
            },
        }
    }
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.along(&Axis::ALL))?;
        match self.from_memory_bytes {
            Some(bytes) => write!(f, ", batches of {} in memory", ByteSize(bytes)),
            None => Ok(()),
        }
    }
}

impl Point {
    /// Its values along these axes, in a few words.
    pub fn along(&self, axes: &[Axis]) -> String {
        let has_meaning = |axis: &&Axis| {
            self.from_memory_bytes.is_none() || !matches!(axis, Axis::Connections | Axis::Rate)
        };
        let values = axes.iter().filter(has_meaning);
        let values = values.filter_map(|axis| Some(format!("{axis} {}", axis.of(self)?)));
        values.collect::<Vec<_>>().join(", ")
    }

    /// Why a setting does nothing to this point, in a sentence, so that nobody takes it for one that makes
    /// no difference.
    pub fn without_meaning(&self, axis: Axis) -> Option<String> {
        self.from_memory_bytes?;
        let has_window = self.window_time() > time::Duration::ZERO;
        match axis {
            Axis::Connections | Axis::Rate | Axis::Block => Some(format!(
                "{axis} says nothing where batches are in memory: there is no network; leave it out"
            )),
            Axis::Batch if !has_window => Some(format!(
                "{axis} says nothing where batches are in memory: --from-memory says how large they are, \
                 and they follow one another at once; leave it out"
            )),
            _ => None,
        }
    }

    /// The flags with which it runs on batches in memory, if they are.
    pub(crate) fn flags_from_memory(&self) -> Option<Vec<String>> {
        let mut flags = self.job_flags();
        flags.extend(["--from-memory".into(), format!("{}B", self.from_memory_bytes?)]);
        flags.extend(["--keys".into(), self.keys.to_string()]);
        flags.push("--json".into());
        Some(flags)
    }

    /// The flags with which `bench-suite job` runs it, but for where its lines come from and how long.
    pub(super) fn job_flags(&self) -> Vec<String> {
        let mut flags = vec!["job".to_string(), self.workload.name().into()];
        for axis in [Axis::Batch, Axis::Block, Axis::Window, Axis::Slide, Axis::Parallelism] {
            if let Some(value) = axis.of(self) {
                flags.extend([format!("--{axis}"), value]);
            }
        }
        flags
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused_with_its_axis_and_its_value() {
        for (axis, value) in [
            (Axis::Batch, "300000d"),
            (Axis::Window, "2d"),
            (Axis::Keys, "10000000000"),
            (Axis::Connections, "1000000"),
            (Axis::Parallelism, "100000"),
        ] {
            let refused = axis.set(&mut Point::default(), value).unwrap_err();
            assert!(refused.starts_with(&format!("{axis} {value:?}: ")), "{refused}");
            assert!(refused.contains("must lie between 1"), "{refused}");
        }
    }

    #[test]
    fn flags_are_those_of_a_job() {
        let point = Point { block_ms: Some(50), parallelism: Some(2), ..Point::default() };
        let flags = "job word-count --batch 1s --block 50ms --parallelism 2";
        assert_eq!(point.job_flags().join(" "), flags);
    }
}
