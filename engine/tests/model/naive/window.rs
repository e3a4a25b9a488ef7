//! Windows: all records of the batches in them, brought together at once.

use super::Dataset;
use super::by_key::{digested, reduced_by_key};
use super::stateless::{counted_by_value, reduced, words};
use crate::functions::{weight, written};
use crate::program::Over;
use crate::record::{Kind, Merge, Record};

/// What a window makes of its records, which are of kind `of`.
pub(super) fn windowed(over: Over, of: Kind, records: Dataset) -> Dataset {
    match over {
        Over::Raw => records,
        Over::Words => words(&records),
        Over::Reduce(merge) => reduced(&records, merge),
        Over::ReduceWithInverse => reduced(&records, Merge::Sum),
        Over::Count => vec![Record::new("", records.len() as u64)],
        Over::CountByValue => counted_by_value(&records, of),
        Over::Group => digested(&records, of),
        Over::ReduceByKey(merge) => {
            let reduced = reduced_by_key(&records, of, merge);
            match of {
                Kind::Pair => reduced,
                _ => reduced.iter().map(|r| Record::new(written(r.parts()), 0)).collect(),
            }
        }
        Over::ReduceByKeyWithInverse => reduced_by_key(&records, of, Merge::Sum),
        Over::ReduceByKeyWithInverseAndFilter(m) => {
            let reduced = reduced_by_key(&records, of, Merge::Sum).into_iter();
            reduced.filter(|r| !weight(r.parts()).is_multiple_of(m)).collect()
        }
    }
}
