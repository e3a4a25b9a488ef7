//! Counts the lines that contain `error`.

use memchr::memmem::Finder;
use millstream::{DStream, Pipe, Text};

use crate::job::{Answer, Answers};

pub(super) fn describe<'b, P: Pipe<'b, Item: Text<'b>>>(lines: &DStream<'b, P>, answers: &Answers) {
    let answers = answers.clone();
    let error = Finder::new("error");
    let matching =
        lines.map(|line| line.text()).filter(move |line| error.find(line.as_bytes()).is_some());
    matching.count().for_each_rdd(move |rdd, time| {
        let matched: u64 = rdd.collect().into_iter().sum();
        answers.put(time, Answer::default().adding("matched", matched));
    });
}
