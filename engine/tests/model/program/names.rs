//! What operators are called.

use super::{ByKey, Join, MapSpec, Operator, Over, State, Transform};

impl Operator {
    /// All that `call` gives.
    pub(crate) const CALLS: [&str; 43] = [
        "source",
        "words",
        "split",
        "containing",
        "filter",
        "flat_map",
        "map_partitions",
        "map",
        "union",
        "count",
        "count_by_value",
        "reduce",
        "reduce_by_key",
        "glom",
        "repartition",
        "persist",
        "map_values",
        "flat_map_values",
        "group_by_key",
        "combine_by_key",
        "cogroup",
        "transform",
        "transform_with",
        "scope.transform",
        "transform_history",
        "window",
        "reduce_by_window",
        "reduce_by_window_with_inverse",
        "count_by_window",
        "count_by_value_and_window",
        "group_by_key_and_window",
        "reduce_by_key_and_window",
        "reduce_by_key_and_window_with_inverse",
        "reduce_by_key_and_window_with_inverse_and_filter",
        "update_state_by_key",
        "update_state_by_key_with",
        "map_with_state",
        "filter_map_with_state",
        "state_snapshots",
        "join",
        "left_outer_join",
        "right_outer_join",
        "full_outer_join",
    ];

    /// The engine's operator that it stands for, as it is called there.
    pub(crate) fn call(self) -> &'static str {
        match self {
            Operator::Source(_) => "source",
            Operator::Words | Operator::WordsOfUnion => "words",
            Operator::Split(_) => "split",
            Operator::Containing(_) => "containing",
            Operator::Filter(_) => "filter",
            Operator::Repeat(_) => "flat_map",
            Operator::Reverse => "map_partitions",
            Operator::Map(_) | Operator::Fragile => "map",
            Operator::Union | Operator::UnionOfMany => "union",
            Operator::Count => "count",
            Operator::CountByValue => "count_by_value",
            Operator::Reduce(_) => "reduce",
            Operator::ReduceByKey(_) => "reduce_by_key",
            Operator::Glom => "glom",
            Operator::Repartition(_) => "repartition",
            Operator::Persist => "persist",
            Operator::ByKey(by_key) => match by_key {
                ByKey::MapValues => "map_values",
                ByKey::FlatMapValues => "flat_map_values",
                ByKey::Group => "group_by_key",
                ByKey::Combine => "combine_by_key",
                ByKey::Cogroup => "cogroup",
                ByKey::Join(join) => join.call(),
            },
            Operator::Transform(transform) => match transform {
                Transform::One(_) => "transform",
                Transform::Two(_) => "transform_with",
                Transform::Many => "scope.transform",
                Transform::History(..) => "transform_history",
            },
            Operator::Window(over, _) => match over {
                Over::Raw | Over::Words => "window",
                Over::Reduce(_) => "reduce_by_window",
                Over::ReduceWithInverse => "reduce_by_window_with_inverse",
                Over::Count => "count_by_window",
                Over::CountByValue => "count_by_value_and_window",
                Over::Group => "group_by_key_and_window",
                Over::ReduceByKey(_) => "reduce_by_key_and_window",
                Over::ReduceByKeyWithInverse => "reduce_by_key_and_window_with_inverse",
                Over::ReduceByKeyWithInverseAndFilter(_) => {
                    "reduce_by_key_and_window_with_inverse_and_filter"
                }
            },
            Operator::State(state) => match state {
                State::Update => "update_state_by_key",
                State::UpdateWith(_) => "update_state_by_key_with",
                State::Map(MapSpec { filters: false, .. }) => "map_with_state",
                State::Map(MapSpec { filters: true, .. }) => "filter_map_with_state",
            },
            Operator::Snapshots => "state_snapshots",
        }
    }

    /// What distinguishes it from the others, numbers left out.
    pub(crate) fn name(self) -> String {
        let letter = |c: &char| c.is_ascii_alphabetic() || *c == '(';
        let described = match self {
            Operator::State(_)
            | Operator::Source(_)
            | Operator::Split(_)
            | Operator::Containing(_) => self.call().into(),
            Operator::Window(over, _) => format!("Window({over:?}"),
            other => format!("{other:?}"),
        };
        described.chars().filter(letter).collect()
    }
}

impl Join {
    pub(crate) fn call(self) -> &'static str {
        match self {
            Join::Inner => "join",
            Join::Left => "left_outer_join",
            Join::Right => "right_outer_join",
            Join::Full => "full_outer_join",
        }
    }
}
