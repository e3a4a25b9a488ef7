//! Counts the lines that contain `error`.

use millstream::{DStream, Pipe, Text};

use crate::job::{Answer, Answers};

pub(super) fn describe<'b, P: Pipe<'b, Item: Text<'b>>>(lines: &DStream<'b, P>, answers: &Answers) {
    let answers = answers.clone();
    lines.containing("error").count().for_each_rdd(move |rdd, time| {
        let matched: u64 = rdd.collect().into_iter().sum();
        answers.put(time, Answer::default().adding("matched", matched));
    });
}
