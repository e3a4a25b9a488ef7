//! What streams are made with.

use crate::record::{Kind, Merge};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Operator {
    Source(usize),
    Words,
    Split(char),
    Containing(&'static str),
    /// Leaves out the records whose weight is a multiple.
    Filter(u64),
    /// A `flat_map`: each record as often as its weight says, fewer times than this.
    Repeat(u64),
    /// A `map_partitions` that turns each partition round, which no multiset shows.
    Reverse,
    /// A `map` to records of this kind.
    Map(Kind),
    /// A `map` that changes nothing, and panics when the case says so.
    Fragile,
    Union,
    /// `Scope::union`, of up to four streams.
    UnionOfMany,
    /// The words of a union, in one loop with it where the streams are sources.
    WordsOfUnion,
    Count,
    CountByValue,
    Reduce(Merge),
    ReduceByKey(Merge),
    /// `glom`, and the partitions flattened again.
    Glom,
    Repartition(usize),
    Persist,
    ByKey(ByKey),
    Transform(Transform),
    Window(Over, Span),
    State(State),
    /// The `state_snapshots` of the `map_with_state` that it reads.
    Snapshots,
}

/// Values by key, within a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ByKey {
    MapValues,
    FlatMapValues,
    Group,
    Combine,
    Cogroup,
    Join(Join),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Join {
    Inner,
    Left,
    Right,
    Full,
}

/// Datasets through a closure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Transform {
    /// `transform`
    One(OfOne),
    /// `transform_with`
    Two(OfTwo),
    /// `Scope::transform`: the datasets in reverse order.
    Many,
    /// `transform_history` of so many datasets.
    History(usize, OfHistory),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OfOne {
    SortBy,
    SortByKey,
    Distinct,
    /// A union of the dataset with itself.
    Doubled,
    /// Each record with each of a few.
    Cartesian,
    ReduceByKey(Merge),
    /// The dataset at every other time, and some of it at the others.
    ByTime,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OfTwo {
    Subtract,
    Union,
    Join(Join),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OfHistory {
    /// All of them, newest first.
    Union,
    /// The newest without what the oldest has.
    New,
}

/// What a window does with its records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Over {
    /// `window`
    Raw,
    /// The words of a `window`, in one loop with it.
    Words,
    Reduce(Merge),
    ReduceWithInverse,
    Count,
    CountByValue,
    Group,
    ReduceByKey(Merge),
    ReduceByKeyWithInverse,
    /// Hides the pairs whose weight is a multiple.
    ReduceByKeyWithInverseAndFilter(u64),
}

/// A window's length and slide, as multiples of the slide of the stream that it is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Span {
    pub(crate) length: usize,
    pub(crate) slide: usize,
}

/// What is kept by key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
    Update,
    UpdateWith(Spec),
    Map(MapSpec),
}

/// How a state is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Spec {
    /// Begins with some keys.
    pub(crate) initial: bool,
    pub(crate) partitions: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct MapSpec {
    pub(crate) spec: Spec,
    /// In batches.
    pub(crate) timeout: Option<usize>,
    /// `filter_map_with_state`
    pub(crate) filters: bool,
    /// Each key comes once in a batch, which lets the function do what depends on the order of the
    /// records.
    pub(crate) once: bool,
}

/// How many streams an operator reads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    Nothing,
    One,
    Two,
    OneOrMore,
}

impl Operator {
    pub(crate) fn reads(self) -> Reads {
        match self {
            Operator::Source(_) => Reads::Nothing,
            Operator::Union
            | Operator::ByKey(ByKey::Cogroup | ByKey::Join(_))
            | Operator::Transform(Transform::Two(_)) => Reads::Two,
            Operator::UnionOfMany
            | Operator::WordsOfUnion
            | Operator::Transform(Transform::Many) => Reads::OneOrMore,
            _ => Reads::One,
        }
    }

    /// Whether it brings several streams together.
    pub(crate) fn unites(self) -> bool {
        matches!(self.reads(), Reads::Two | Reads::OneOrMore)
    }

    /// Whether it reads batches that are over again.
    pub(crate) fn reads_again(self) -> bool {
        matches!(
            self,
            Operator::Window(Over::Raw | Over::Words, _)
                | Operator::Transform(Transform::History(..))
        )
    }

    /// Whether something is taken in in every batch, asked for or not.
    pub(crate) fn keeps(self) -> bool {
        match self {
            Operator::State(_) => true,
            Operator::Window(over, _) => !matches!(over, Over::Raw | Over::Words),
            _ => false,
        }
    }

    /// The kind of what it makes of records of kind `of`; `None` if there is no such operator on
    /// them.
    pub(crate) fn kind(self, of: Kind) -> Option<Kind> {
        use Kind::{Label, Number, Owned, Pair, Text};
        let borrows = matches!(of, Text | Pair | Label);
        let keyed = matches!(of, Pair | Label);
        let tallied = if of == Text { Pair } else { of };
        let digested = if of == Pair { Pair } else { Number };
        let (takes, gives) = match self {
            Operator::Source(_) => (false, of),
            Operator::Words
            | Operator::WordsOfUnion
            | Operator::Split(_)
            | Operator::Containing(_) => (of == Text, of),
            Operator::Map(to) => (borrows || matches!(to, Number | Owned), to),
            Operator::Count => (true, Number),
            Operator::CountByValue => (true, tallied),
            Operator::ReduceByKey(_) => (keyed || of == Owned, of),
            Operator::ByKey(ByKey::Group | ByKey::Cogroup) => (keyed, digested),
            Operator::ByKey(_) => (keyed, of),
            Operator::Transform(Transform::One(OfOne::SortByKey | OfOne::ReduceByKey(_)))
            | Operator::Transform(Transform::Two(OfTwo::Join(_))) => (keyed, of),
            Operator::Transform(_) => (true, of),
            Operator::Window(over, _) => match over {
                Over::Raw => (true, of),
                Over::Words => (of == Text, of),
                Over::Reduce(_) => (matches!(of, Number | Owned), of),
                Over::ReduceWithInverse => (of == Number, of),
                Over::Count => (true, Number),
                Over::CountByValue => (true, tallied),
                Over::Group => (keyed, digested),
                Over::ReduceByKey(_) => (keyed, if of == Pair { Pair } else { Owned }),
                Over::ReduceByKeyWithInverse | Over::ReduceByKeyWithInverseAndFilter(_) => {
                    (of == Pair, of)
                }
            },
            Operator::State(State::Update) => (keyed, of),
            Operator::State(_) | Operator::Snapshots => (of == Pair, of),
            _ => (true, of),
        };
        takes.then_some(gives)
    }
}
