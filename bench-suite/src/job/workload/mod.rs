//! What can be done with the lines: each workload is a file that describes its streams.

mod count;
mod grep;
mod word_count;

use clap::ValueEnum;
use millstream::{DStream, Replay, Scope, Text};

use super::{Answers, Options};

/// What is done with the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Workload {
    /// Count the lines
    Count,
    /// Count the lines that contain `error`
    Grep,
    /// Count how often each word occurs
    WordCount,
}

impl Workload {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Workload::Count => "count",
            Workload::Grep => "grep",
            Workload::WordCount => "word-count",
        }
    }
}

/// Describes the workload of `options` over `sources`, the one that listens last; each batch's
/// answer goes to `answers`.
pub(super) fn describe<'b, P: Replay<'b, Item: Text<'b>>>(
    options: &Options,
    s: &Scope<'b>,
    sources: &[DStream<'b, P>],
    answers: &Answers,
) {
    let lines = s.union(sources.iter().cloned());
    match options.workload {
        Workload::Count => count::describe(&lines, answers),
        Workload::Grep => grep::describe(&lines, answers),
        Workload::WordCount => word_count::describe(&lines, answers),
    }
}
