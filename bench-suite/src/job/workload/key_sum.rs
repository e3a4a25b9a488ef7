//! Adds up the integers of each key, of lines `key<TAB>integer`. Lines that are none of these are
//! left out, and counted by the engine.

use millstream::{DStream, Pipe, Text};

use crate::job::{Answer, Answers};

pub(super) fn describe<'b, P: Pipe<'b, Item: Text<'b>>>(lines: &DStream<'b, P>, answers: &Answers) {
    let answers = answers.clone();
    // Sums wrap around, as the original's do: a hostile number fails no batch.
    let sums = lines.fields('\t').parse::<(&str, i64)>().reduce_by_key(i64::wrapping_add);
    sums.for_each_rdd(move |rdd, time| {
        let (keys, sum) = rdd.aggregate(
            || (0u64, 0i64),
            |(keys, all), (_, sum)| (keys + 1, all.wrapping_add(sum)),
            |a, b| (a.0 + b.0, a.1.wrapping_add(b.1)),
        );
        answers.put(time, Answer::default().adding("sum", sum).standing("keys", keys));
    });
}
