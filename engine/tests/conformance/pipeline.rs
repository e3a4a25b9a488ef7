//! A pipeline as it is written, read into steps: each knows its fields, and refuses others.

use millstream::{BoxError, Duration};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::functions::{self, Many, Mapping, One, Test, Two, Update, Whole};
use crate::value::Value;

/// A step as it is written.
type Written = Map<String, Json>;

/// A length of time as a case has it, which may be one that no stream can have.
#[derive(Clone, Copy, Deserialize)]
#[serde(transparent)]
pub(crate) struct Seconds(pub(crate) f64);

impl Seconds {
    /// In whole milliseconds, where they are.
    pub(crate) fn duration(self) -> Result<Duration, BoxError> {
        let millis = self.0 * 1e3;
        if (millis - millis.round()).abs() < 1e-6 {
            return Ok(Duration::from_millis(millis.round() as i64));
        }
        Ok(Duration::try_from(std::time::Duration::try_from_secs_f64(self.0)?)?)
    }
}

/// Which batches a window has, and when it comes out.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub(crate) length: Seconds,
    /// Left out, with every batch of the stream.
    pub(crate) slide: Option<Seconds>,
}

/// A pipeline, understood.
pub(crate) struct Program {
    pub(crate) steps: Steps,
    /// Whether it has a function that is there to fail.
    pub(crate) may_fail: bool,
}

pub(crate) type Steps = Vec<Step>;

/// The two streams of a step that brings two together.
pub(crate) struct Sides {
    /// From the input; left out, it is the stream so far.
    pub(crate) left: Option<Steps>,
    /// From the second input.
    pub(crate) right: Steps,
}

pub(crate) enum Step {
    Map(One),
    FlatMap(Many),
    Filter(Test),
    MapPartitions(Whole),
    Glom,
    Repartition(usize),
    Persist,
    MapValues(One),
    FlatMapValues(Many),
    Count,
    CountByValue(Partitions),
    Reduce(Two),
    GroupByKey(Partitions),
    ReduceByKey(Two, Partitions),
    CombineByKey {
        create: One,
        merge: Two,
        combine: Two,
        partitions: Partitions,
    },
    /// With streams from the input.
    Union(Vec<Steps>),
    /// With the second input as it is.
    UnionWithSecond,
    Transform(Body),
    TransformWith(Sides, Body),
    /// Of streams from the input.
    TransformMany(Vec<Steps>, Body),
    Join(Kind, Sides, Partitions),
    Window(Span),
    ReduceByWindow {
        by: Two,
        inverse: Option<Two>,
        span: Span,
    },
    CountByWindow(Span),
    CountByValueAndWindow(Span, Partitions),
    GroupByKeyAndWindow(Span, Partitions),
    ReduceByKeyAndWindow {
        by: Two,
        inverse: Option<Two>,
        filter: Option<Test>,
        span: Span,
        partitions: Partitions,
    },
    UpdateStateByKey {
        update: Update,
        plain: bool,
        start: Start,
    },
    MapWithState {
        mapping: Mapping,
        plain: bool,
        start: Start,
    },
    StateSnapshots,
}

/// How many partitions a result has; left out, as many as tasks run at once.
pub(crate) type Partitions = Option<usize>;

/// What an operator with state starts with.
pub(crate) struct Start {
    pub(crate) initial: Option<Vec<(Value, Value)>>,
    pub(crate) timeout: Option<Seconds>,
    pub(crate) partitions: Partitions,
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    CoGroup,
    Inner,
    LeftOuter,
    RightOuter,
    FullOuter,
}

/// What becomes of the datasets of a transform.
#[derive(Clone)]
pub(crate) enum Body {
    Map(One),
    SortByKey,
    CartesianWithSelf,
    Union,
    Join,
}

impl Program {
    /// `overload` says which form of an operation with state is called.
    pub(crate) fn read(steps: &[Written], overload: Option<&str>) -> Result<Program, String> {
        let may_fail = format!("{steps:?}").contains("fail_on_1_else_identity");
        let overload = overload.unwrap_or_default();
        Ok(Program { steps: Reader { overload }.steps(steps)?, may_fail })
    }

    pub(crate) fn needs_second_input(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::UnionWithSecond))
    }

    /// Whether there are states to be seen beside what the pipeline gives.
    pub(crate) fn has_state_snapshots(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::MapWithState { .. }))
    }
}

struct Reader<'c> {
    overload: &'c str,
}

impl Reader<'_> {
    fn steps(&self, steps: &[Written]) -> Result<Steps, String> {
        steps.iter().map(|step| self.step(step)).collect()
    }

    fn step(&self, written: &Written) -> Result<Step, String> {
        let mut fields = written.clone();
        fields.retain(|_, value| !value.is_null());
        let op = fields.remove("op").and_then(|op| op.as_str().map(str::to_owned));
        let op = op.ok_or("a step has no op")?;
        let step = self.step_of(&op, &mut fields).map_err(|why| format!("{op}: {why}"))?;
        match fields.keys().next() {
            None => Ok(step),
            Some(field) => Err(format!("{op}: unknown field {field}")),
        }
    }

    fn step_of(&self, op: &str, fields: &mut Written) -> Result<Step, String> {
        Ok(match op {
            "map" => Step::Map(one(fields, "fn")?),
            "flatMap" => Step::FlatMap(many(fields, "fn")?),
            "filter" => Step::Filter(named(fields, "fn", functions::test)?),
            "mapPartitions" => {
                let k = constant(fields, "fn")?;
                Step::MapPartitions(named(fields, "fn", |name| functions::whole(name, k))?)
            }
            "glom" => Step::Glom,
            "repartition" => Step::Repartition(partitions(fields)?.ok_or("n is missing")?),
            "persist" | "cache" => Step::Persist,
            "mapValues" => Step::MapValues(one(fields, "fn")?),
            "flatMapValues" => Step::FlatMapValues(many(fields, "fn")?),
            "count" => Step::Count,
            "countByValue" => Step::CountByValue(partitions(fields)?),
            "reduce" => Step::Reduce(named(fields, "fn", functions::two)?),
            "groupByKey" => Step::GroupByKey(partitions(fields)?),
            "reduceByKey" => {
                Step::ReduceByKey(named(fields, "fn", functions::two)?, partitions(fields)?)
            }
            "combineByKey" => Step::CombineByKey {
                create: one(fields, "create")?,
                merge: named(fields, "merge", functions::two)?,
                combine: named(fields, "combine", functions::two)?,
                partitions: partitions(fields)?,
            },
            "union" => Step::Union(self.pipelines(fields, "others")?),
            "union2" => Step::UnionWithSecond,
            "transform" => Step::Transform(body(fields)?),
            "transformWith" => Step::TransformWith(self.sides(fields)?, body(fields)?),
            "sscTransform" => {
                Step::TransformMany(self.pipelines(fields, "streams")?, body(fields)?)
            }
            "cogroup" => self.join(Kind::CoGroup, fields)?,
            "join" => self.join(Kind::Inner, fields)?,
            "leftOuterJoin" => self.join(Kind::LeftOuter, fields)?,
            "rightOuterJoin" => self.join(Kind::RightOuter, fields)?,
            "fullOuterJoin" => self.join(Kind::FullOuter, fields)?,
            "window" => Step::Window(span(fields)?),
            "reduceByWindow" => Step::ReduceByWindow {
                by: named(fields, "fn", functions::two)?,
                inverse: optional(fields, "inv", functions::two)?,
                span: span(fields)?,
            },
            "countByWindow" => Step::CountByWindow(span(fields)?),
            "countByValueAndWindow" => {
                Step::CountByValueAndWindow(span(fields)?, partitions(fields)?)
            }
            "groupByKeyAndWindow" => Step::GroupByKeyAndWindow(span(fields)?, partitions(fields)?),
            "reduceByKeyAndWindow" => Step::ReduceByKeyAndWindow {
                by: named(fields, "fn", functions::two)?,
                inverse: optional(fields, "inv", functions::two)?,
                filter: optional(fields, "filter", functions::test)?,
                span: span(fields)?,
                partitions: partitions(fields)?,
            },
            "updateStateByKey" => {
                let update = named(fields, "fn", functions::update)?;
                let start = start(fields)?;
                let general = update.needs_time
                    || start.initial.is_some()
                    || start.partitions.is_some()
                    || start.timeout.is_some()
                    || ["iterator", "time"].iter().any(|form| self.overload.contains(form));
                let plain = !general;
                Step::UpdateStateByKey { update, plain, start }
            }
            "mapWithState" => {
                let mapping = named(fields, "fn", functions::mapping)?;
                let plain = self.overload.ends_with("-> mapped");
                Step::MapWithState { mapping, plain, start: start(fields)? }
            }
            "stateSnapshots" => Step::StateSnapshots,
            _ => return Err("unknown operator".into()),
        })
    }

    fn join(&self, kind: Kind, fields: &mut Written) -> Result<Step, String> {
        Ok(Step::Join(kind, self.sides(fields)?, partitions(fields)?))
    }

    fn sides(&self, fields: &mut Written) -> Result<Sides, String> {
        let mut side =
            |name: &str| fields.remove(name).map(|steps| self.pipeline(name, steps)).transpose();
        let (left, right) = (side("left")?, side("right")?);
        Ok(Sides { left, right: right.unwrap_or_default() })
    }

    fn pipelines(&self, fields: &mut Written, name: &str) -> Result<Vec<Steps>, String> {
        let pipelines = fields.remove(name).ok_or_else(|| format!("{name} is missing"))?;
        let Json::Array(pipelines) = pipelines else {
            return Err(format!("{name} is no list of pipelines"));
        };
        pipelines.into_iter().map(|steps| self.pipeline(name, steps)).collect()
    }

    fn pipeline(&self, name: &str, steps: Json) -> Result<Steps, String> {
        let steps: Vec<Written> =
            serde_json::from_value(steps).map_err(|e| format!("{name}: {e}"))?;
        self.steps(&steps)
    }
}

/// The function that the field `name` names.
fn named<F>(
    fields: &mut Written,
    name: &str,
    find: impl Fn(&str) -> Option<F>,
) -> Result<F, String> {
    optional(fields, name, find)?.ok_or_else(|| format!("{name} is missing"))
}

fn optional<F>(
    fields: &mut Written,
    name: &str,
    find: impl Fn(&str) -> Option<F>,
) -> Result<Option<F>, String> {
    let Some(function) = fields.remove(name) else { return Ok(None) };
    let function = function.as_str().ok_or_else(|| format!("{name} is no function's name"))?;
    let found = find(function).ok_or_else(|| match functions::is_known(function) {
        true => format!("the function {function} is of another kind than {name} wants"),
        false => format!("unknown function {function}"),
    })?;
    Ok(Some(found))
}

fn one(fields: &mut Written, name: &str) -> Result<One, String> {
    let k = constant(fields, name)?;
    named(fields, name, |function| functions::one(function, k))
}

fn many(fields: &mut Written, name: &str) -> Result<Many, String> {
    let k = constant(fields, name)?;
    named(fields, name, |function| functions::many(function, k))
}

/// The `k` of a function that has one.
fn constant(fields: &mut Written, name: &str) -> Result<i64, String> {
    let wants = fields.get(name).and_then(Json::as_str).is_some_and(functions::has_constant);
    if !wants {
        return Ok(0);
    }
    fields.remove("k").and_then(|k| k.as_i64()).ok_or_else(|| "k is missing".into())
}

fn body(fields: &mut Written) -> Result<Body, String> {
    let body = fields.remove("body").ok_or("body is missing")?;
    Ok(match body.as_str() {
        Some("map") => Body::Map(one(fields, "fn")?),
        Some("union") => Body::Union,
        Some("join") => Body::Join,
        Some("sort_by_key") => Body::SortByKey,
        Some("cartesian_with_self") => Body::CartesianWithSelf,
        _ => return Err(format!("unknown body {body}")),
    })
}

fn seconds(fields: &mut Written, name: &str) -> Result<Option<Seconds>, String> {
    let Some(seconds) = fields.remove(name) else { return Ok(None) };
    let seconds = seconds.as_f64().ok_or_else(|| format!("{name} is no number of seconds"))?;
    Ok(Some(Seconds(seconds)))
}

fn span(fields: &mut Written) -> Result<Span, String> {
    let length = seconds(fields, "window_s")?.ok_or("window_s is missing")?;
    Ok(Span { length, slide: seconds(fields, "slide_s")? })
}

fn partitions(fields: &mut Written) -> Result<Partitions, String> {
    let n = fields.remove("n").or_else(|| fields.remove("partitions"));
    let n = n.or_else(|| fields.remove("num_partitions"));
    n.map(|n| {
        let n = n.as_u64().ok_or_else(|| format!("{n} is no number of partitions"))?;
        usize::try_from(n).map_err(|e| e.to_string())
    })
    .transpose()
}

fn start(fields: &mut Written) -> Result<Start, String> {
    let initial = fields.remove("initial").map(|pairs| {
        let Value::List(pairs) = Value::try_from(pairs)? else {
            return Err("initial is no list of pairs".to_owned());
        };
        let pair = |pair: Value| match pair {
            Value::List(pair) if pair.len() == 2 => Ok(Value::List(pair).into_pair()),
            other => Err(format!("initial: {other} is no pair")),
        };
        pairs.into_iter().map(pair).collect()
    });
    let timeout = seconds(fields, "timeout_s")?;
    Ok(Start { initial: initial.transpose()?, timeout, partitions: partitions(fields)? })
}
