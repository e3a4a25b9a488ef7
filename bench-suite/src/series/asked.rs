//! What a series is of, how much of it there may be, and where it was begun.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;
use loadgen::Objective;
use serde::{Deserialize, Serialize};

use super::{Axis, How, Point, bounds};
use crate::doctor::Checkup;
use crate::job::too_long;
use crate::machine::{self, Machine};

/// More turns than this are no plan.
const MOST_TURNS: usize = 10_000;

/// More runs than this are no plan: of a second each they take more than a day.
const MOST_RUNS: usize = 100_000;

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
    /// The least difference between two sides that counts, as a share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<f64>,
    /// What is asked of a run beside that it could go on for ever.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "written")]
    pub objectives: Vec<Objective>,
}

impl Asked {
    /// Something of this kind, with no points and no sides yet.
    pub fn new(kind: Kind, command: String, turns: usize, how: How) -> Self {
        Asked {
            kind,
            command,
            points: Vec::new(),
            sides: Vec::new(),
            turns,
            how,
            least: None,
            objectives: Vec::new(),
        }
    }

    /// The axes along which its points differ.
    pub fn varied(&self) -> Vec<Axis> {
        let differs = |axis: &Axis| {
            self.points.windows(2).any(|points| axis.of(&points[0]) != axis.of(&points[1]))
        };
        Axis::ALL.into_iter().filter(differs).collect()
    }

    /// What about it cannot be, in a sentence.
    pub(super) fn impossible(&self) -> Option<String> {
        let mut points = self.points.iter().chain(self.sides.iter().map(|side| &side.point));
        points
            .find_map(bounds::impossible)
            .or_else(|| too_many(self.points.len().max(1), self.turns))
            .or_else(|| too_long(Duration::from_millis(self.how.run_for_ms)))
            .or_else(|| too_long(Duration::from_millis(self.how.warm_up_ms)))
    }
}

/// Why so many points are not run in so many turns.
pub(crate) fn too_many(points: usize, turns: usize) -> Option<String> {
    if !(1..=MOST_TURNS).contains(&turns) {
        return Some(format!(
            "{turns} turns cannot be: each point runs once at least, and at most {MOST_TURNS} times"
        ));
    }
    let runs = points.saturating_mul(turns);
    (runs > MOST_RUNS).then(|| {
        format!("{points} points in {turns} turns are {runs} runs, and at most {MOST_RUNS} can be")
    })
}

fn this_program() -> Result<String> {
    let program = std::env::current_exe().context("the path of this program is not known")?;
    machine::checksum(&program)
}

/// One of the sides of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// What it is called: `A`, `B`.
    pub name: String,
    /// The program that it is run with; nothing for the one that compares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<PathBuf>,
    /// That program's checksum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
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
    /// With the program of this checksum.
    #[serde(default)]
    pub program: String,
    /// At this time, as in `2026-11-26T10:00:00Z`.
    pub at: String,
}

impl Begun {
    /// Here and now; looking at the machine takes three seconds.
    pub(crate) fn now() -> Result<Self> {
        Ok(Begun {
            machine: Machine::here(),
            checkup: Checkup::before_measuring(),
            program: this_program()?,
            at: Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        })
    }

    /// What about this machine and this program makes runs of now hard to compare with those that were
    /// begun so; nothing where they are alike.
    pub(crate) fn unlike_now(&self) -> Result<Option<String>> {
        let other_build = "this program is another build than the one that began";
        let is_other = !self.program.is_empty() && self.program != this_program()?;
        Ok(self.machine.unlike(&Machine::here()).or(is_other.then(|| other_build.into())))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_never_done_is_told() {
        assert_eq!(too_many(1, MOST_TURNS), None);
        assert!(too_many(1, 0).unwrap().contains("once at least"));
        assert!(too_many(2, usize::MAX).unwrap().contains("at most 10000 times"));
        assert!(too_many(1000, 1000).unwrap().contains("1000000 runs"));
    }
}
