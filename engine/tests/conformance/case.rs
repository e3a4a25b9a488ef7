//! What a case says: its fields, and how long it runs.

use millstream::Duration;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value as Json};

use crate::pipeline::{Program, Seconds};
use crate::value::{Value, from_case_or_null};

/// A case. Fields that only inform are named, so that every other one is refused.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    #[serde(rename = "id")]
    _id: String,
    pub(crate) suite: String,
    pub(crate) name: String,
    #[serde(rename = "op")]
    _op: IgnoredAny,
    pub(crate) params: Params,
    #[serde(default, deserialize_with = "from_case_or_null")]
    pub(crate) input: Option<Vec<Vec<Value>>>,
    #[serde(default, deserialize_with = "from_case_or_null")]
    pub(crate) input2: Option<Vec<Vec<Value>>>,
    #[serde(default, deserialize_with = "from_case_or_null")]
    pub(crate) expected: Option<Vec<Vec<Value>>>,
    pipeline: Vec<Map<String, Json>>,
    pub(crate) compare: Compare,
    #[serde(default)]
    pub(crate) output_times_s: Option<Vec<Seconds>>,
    #[serde(default)]
    num_batches: Option<usize>,
    #[serde(default)]
    pub(crate) skip_empty_outputs: bool,
    #[serde(default, deserialize_with = "from_case_or_null")]
    pub(crate) also_count: Option<Vec<Vec<Value>>>,
    #[serde(default)]
    pub(crate) expected_num_partitions: Option<Vec<usize>>,
    #[serde(default, deserialize_with = "from_case_or_null")]
    pub(crate) expected_snapshots: Option<Vec<Vec<Value>>>,
    #[serde(default)]
    restart: Option<Restart>,
    #[serde(default)]
    overload: Option<String>,
    #[serde(default)]
    pub(crate) expect_error: Option<Json>,
    #[serde(default, rename = "requires_checkpoint_dir")]
    _requires_checkpoint_dir: IgnoredAny,
    #[serde(default, rename = "note")]
    _note: IgnoredAny,
    #[serde(default, rename = "deviation")]
    _deviation: IgnoredAny,
    #[serde(default, rename = "spark_expected")]
    _spark_expected: IgnoredAny,
    #[serde(default, rename = "source_file")]
    _source_file: IgnoredAny,
}

/// How outputs are held against what is expected.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Compare {
    Ordered,
    Set,
    Multiset,
    Error,
}

/// The settings of a case; those that a step has too only inform.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Params {
    batch_s: Seconds,
    #[serde(default)]
    input_partitions: Option<usize>,
    #[serde(default)]
    batches_before_restart: Option<usize>,
    #[serde(default, rename = "window_s")]
    _window_s: IgnoredAny,
    #[serde(default, rename = "slide_s")]
    _slide_s: IgnoredAny,
    #[serde(default, rename = "checkpoint_s")]
    _checkpoint_s: IgnoredAny,
    #[serde(default, rename = "timeout_s")]
    _timeout_s: IgnoredAny,
    #[serde(default, rename = "num_partitions")]
    _num_partitions: IgnoredAny,
    #[serde(default, rename = "partitions")]
    _partitions: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Restart {
    after_batches: usize,
}

impl Case {
    /// The case's pipeline, understood.
    pub(crate) fn program(&self) -> Result<Program, String> {
        let program = Program::read(&self.pipeline, self.overload.as_deref())?;
        if program.needs_second_input() && self.input2.is_none() {
            return Err("the pipeline reads input2, which is missing".into());
        }
        if self.expected_snapshots.is_some() && !program.has_state_snapshots() {
            return Err("expected_snapshots wants a mapWithState".into());
        }
        if self.compare != Compare::Error && self.expected.is_none() {
            return Err("nothing is expected".into());
        }
        let (param, restart) = (self.params.batches_before_restart, self.restart_after());
        if param.is_some() && param != restart {
            return Err(format!("batches_before_restart is {param:?}, after_batches {restart:?}"));
        }
        Ok(program)
    }

    /// The batch interval; an error where it is none that an engine can have.
    pub(crate) fn batch(&self) -> millstream::Result<Duration, millstream::BoxError> {
        self.params.batch_s.duration()
    }

    /// How many tasks run at once, which is how many partitions an input has.
    pub(crate) fn parallelism(&self) -> usize {
        self.params.input_partitions.unwrap_or(2)
    }

    /// After how many batches it stops and goes on.
    pub(crate) fn restart_after(&self) -> Option<usize> {
        self.restart.as_ref().map(|restart| restart.after_batches)
    }

    /// How many batches are run. Left out, all of the input is read, and every output that is
    /// listed can come.
    pub(crate) fn batches(&self) -> usize {
        let inputs = [&self.input, &self.input2].into_iter().flatten().map(Vec::len).max();
        let outputs = match (&self.output_times_s, &self.expected) {
            (Some(times), _) => {
                times.last().map_or(0, |last| (last.0 / self.params.batch_s.0).round() as usize)
            }
            (None, Some(expected)) => expected.len(),
            (None, None) => 1,
        };
        self.num_batches.unwrap_or(outputs.max(inputs.unwrap_or(0)))
    }
}
