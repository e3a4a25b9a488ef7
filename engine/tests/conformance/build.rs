//! A pipeline's steps, made into streams through the public interface.

use millstream::{BoxError, Boxed, DStream, Queue, Rdd, Scope};

use crate::functions::Two;
use crate::pipeline::{Body, Kind, Partitions, Program, Sides, Step, Steps};
use crate::state;
use crate::value::Value;
use crate::windows;

pub(crate) type Stream<'b> = DStream<'b, Boxed<'b, Value>>;

pub(crate) type Pairs<'b> = DStream<'b, Boxed<'b, (Value, Value)>>;

type Dataset<'b> = Rdd<'b, Boxed<'b, Value>>;

/// What sources read. It outlives a context, so that a restored one goes on where it was left.
pub(crate) struct Inputs {
    pub(crate) first: Queue<Value>,
    pub(crate) second: Option<Queue<Value>>,
}

/// The streams of a program.
pub(crate) struct Built<'b> {
    pub(crate) input: Stream<'b>,
    pub(crate) stream: Stream<'b>,
    /// The states of the last `mapWithState`.
    pub(crate) snapshots: Option<Stream<'b>>,
}

pub(crate) fn build<'b>(
    s: &Scope<'b>,
    program: &Program,
    inputs: &Inputs,
) -> Result<Built<'b>, BoxError> {
    let input = s.recoverable_queue_stream(&inputs.first).boxed();
    let second = inputs.second.as_ref().map(|queue| s.recoverable_queue_stream(queue).boxed());
    let mut builder =
        Builder { s, second: second.unwrap_or(input.clone()), input, snapshots: None };
    let stream = builder.all(&program.steps, builder.input.clone())?;
    Ok(Built { input: builder.input, stream, snapshots: builder.snapshots })
}

struct Builder<'s, 'b> {
    s: &'s Scope<'b>,
    input: Stream<'b>,
    /// The first again, where there is no second.
    second: Stream<'b>,
    snapshots: Option<Stream<'b>>,
}

impl<'b> Builder<'_, 'b> {
    fn all(&mut self, steps: &Steps, from: Stream<'b>) -> Result<Stream<'b>, BoxError> {
        steps.iter().try_fold(from, |stream, step| self.step(step, stream))
    }

    fn each(&mut self, pipelines: &[Steps]) -> Result<Vec<Stream<'b>>, BoxError> {
        pipelines.iter().map(|steps| self.all(steps, self.input.clone())).collect()
    }

    fn sides(
        &mut self,
        sides: &Sides,
        stream: Stream<'b>,
    ) -> Result<(Stream<'b>, Stream<'b>), BoxError> {
        let left = match &sides.left {
            Some(steps) => self.all(steps, self.input.clone())?,
            None => stream,
        };
        Ok((left, self.all(&sides.right, self.second.clone())?))
    }

    fn step(&mut self, step: &Step, stream: Stream<'b>) -> Result<Stream<'b>, BoxError> {
        Ok(match step {
            Step::Map(f) => {
                let f = f.clone();
                stream.map(move |x| f(x)).boxed()
            }
            Step::FlatMap(f) => {
                let f = f.clone();
                stream.flat_map(move |x| f(x)).boxed()
            }
            Step::Filter(keep) => {
                let keep = keep.clone();
                stream.filter(move |x| keep(x)).boxed()
            }
            Step::MapPartitions(f) => {
                let f = f.clone();
                stream.map_partitions(move |values| f(values.collect())).boxed()
            }
            Step::Glom => stream.glom().map(Value::List).boxed(),
            Step::Repartition(n) => stream.repartition(*n).boxed(),
            Step::Persist => stream.persist().boxed(),
            Step::MapValues(f) => {
                let f = f.clone();
                unkeyed(&keyed(&stream).map_values(move |v| f(v)).boxed())
            }
            Step::FlatMapValues(f) => {
                let f = f.clone();
                unkeyed(&keyed(&stream).flat_map_values(move |v| f(v)).boxed())
            }
            Step::Count => stream.count().map(|n| Value::Int(n as i64)).boxed(),
            Step::CountByValue(n) => spread(counted(&stream.count_by_value().boxed()), *n),
            Step::Reduce(f) => {
                let f = f.clone();
                stream.reduce(move |a, b| f(a, b)).boxed()
            }
            Step::GroupByKey(n) => spread(grouped(&keyed(&stream).group_by_key().boxed()), *n),
            Step::ReduceByKey(f, n) => {
                let f = f.clone();
                spread(unkeyed(&keyed(&stream).reduce_by_key(move |a, b| f(a, b)).boxed()), *n)
            }
            Step::CombineByKey { create, merge, combine, partitions } => {
                let (create, merge, combine) = (create.clone(), merge.clone(), combine.clone());
                let combined = keyed(&stream).combine_by_key(
                    move |v| create(v),
                    move |so_far, v| merge(so_far, v),
                    move |a, b| combine(a, b),
                );
                spread(unkeyed(&combined.boxed()), *partitions)
            }
            Step::Union(others) => {
                let others = self.each(others)?;
                self.s.union([vec![stream], others].concat()).boxed()
            }
            Step::UnionWithSecond => stream.union(&self.second).boxed(),
            Step::Transform(body) => {
                let body = body.clone();
                stream.transform(move |rdd, _| transformed(vec![rdd], &body)).boxed()
            }
            Step::TransformWith(sides, body) => {
                let (left, right) = self.sides(sides, stream)?;
                let body = body.clone();
                left.transform_with(&right, move |a, b, _| transformed(vec![a, b], &body)).boxed()
            }
            Step::TransformMany(streams, body) => {
                let streams = self.each(streams)?;
                let body = body.clone();
                self.s.transform(streams, move |rdds, _| transformed(rdds, &body)).boxed()
            }
            Step::Join(kind, sides, n) => {
                let (left, right) = self.sides(sides, stream)?;
                spread(joined(*kind, &keyed(&left), &keyed(&right)), *n)
            }
            Step::Window(_)
            | Step::ReduceByWindow { .. }
            | Step::CountByWindow(_)
            | Step::CountByValueAndWindow(..)
            | Step::GroupByKeyAndWindow(..)
            | Step::ReduceByKeyAndWindow { .. } => windows::step(step, &stream)?,
            Step::UpdateStateByKey { update, plain, start } => {
                state::update_by_key(&keyed(&stream), update, *plain, start)?
            }
            Step::MapWithState { mapping, plain, start } => {
                let (mapped, snapshots) =
                    state::map_with_state(&keyed(&stream), *mapping, *plain, start)?;
                self.snapshots = Some(snapshots);
                mapped
            }
            Step::StateSnapshots => {
                self.snapshots.clone().ok_or("stateSnapshots comes without mapWithState")?
            }
        })
    }
}

pub(crate) fn keyed<'b>(stream: &Stream<'b>) -> Pairs<'b> {
    stream.map(Value::into_pair).boxed()
}

pub(crate) fn unkeyed<'b>(pairs: &Pairs<'b>) -> Stream<'b> {
    pairs.map(|(key, value)| Value::pair(key, value)).boxed()
}

pub(crate) fn counted<'b>(counts: &DStream<'b, Boxed<'b, (Value, u64)>>) -> Stream<'b> {
    counts.map(|(value, n)| Value::pair(value, Value::Int(n as i64))).boxed()
}

pub(crate) fn grouped<'b>(groups: &DStream<'b, Boxed<'b, (Value, Vec<Value>)>>) -> Stream<'b> {
    groups.map(|(key, values)| Value::pair(key, Value::Group(values))).boxed()
}

/// The result of a wide operator in as many partitions as its step asks for.
pub(crate) fn spread<'b>(stream: Stream<'b>, partitions: Partitions) -> Stream<'b> {
    match partitions {
        Some(n) => stream.repartition(n).boxed(),
        None => stream,
    }
}

fn joined<'b>(kind: Kind, left: &Pairs<'b>, right: &Pairs<'b>) -> Stream<'b> {
    use Value as V;
    let some = V::optional;
    match kind {
        Kind::CoGroup => {
            let both = left.cogroup(right);
            both.map(|(k, (a, b))| V::pair(k, V::pair(V::Group(a), V::Group(b)))).boxed()
        }
        Kind::Inner => left.join(right).map(|(k, (a, b))| V::pair(k, V::pair(a, b))).boxed(),
        Kind::LeftOuter => {
            let both = left.left_outer_join(right);
            both.map(move |(k, (a, b))| V::pair(k, V::pair(a, some(b)))).boxed()
        }
        Kind::RightOuter => {
            let both = left.right_outer_join(right);
            both.map(move |(k, (a, b))| V::pair(k, V::pair(some(a), b))).boxed()
        }
        Kind::FullOuter => {
            let both = left.full_outer_join(right);
            both.map(move |(k, (a, b))| V::pair(k, V::pair(some(a), some(b)))).boxed()
        }
    }
}

/// What a transform's body makes of datasets. One that wants two is given the only one twice.
fn transformed<'b>(datasets: Vec<Dataset<'b>>, body: &Body) -> Dataset<'b> {
    let mut datasets = datasets.into_iter();
    let first = datasets.next().expect("a transform has a stream");
    let rest: Vec<Dataset<'b>> = match datasets.len() {
        0 => vec![first.boxed()],
        _ => datasets.collect(),
    };
    let pairs = |rdd: &Dataset<'b>| rdd.map(Value::into_pair).boxed();
    match body {
        Body::Map(f) => {
            let f = f.clone();
            first.map(move |x| f(x)).boxed()
        }
        Body::SortByKey => pairs(&first).sort_by_key().map(|(k, v)| Value::pair(k, v)).boxed(),
        Body::CartesianWithSelf => first.cartesian(&first).map(|(a, b)| Value::pair(a, b)).boxed(),
        Body::Union => rest.iter().fold(first, |all, next| all.union(next).boxed()),
        Body::Join => rest.iter().fold(first, |all, next| {
            let both = pairs(&all).join(&pairs(next));
            both.map(|(k, (a, b))| Value::pair(k, Value::pair(a, b))).boxed()
        }),
    }
}

/// A function for closures that want one of their own.
pub(crate) fn both(f: &Two) -> impl Fn(Value, Value) -> Value + Clone + Send + Sync + 'static {
    let f = f.clone();
    move |a, b| f(a, b)
}
