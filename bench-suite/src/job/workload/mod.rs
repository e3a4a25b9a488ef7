//! What can be done with the lines: each workload is a file that describes its streams.

mod flags;
mod count;
mod busy_wait;
mod grep;
mod word_count;
mod windowed_word_count;
mod top_words;
mod key_sum;
mod sessions;
mod stream_join;
mod ysb;

use clap::ValueEnum;
use loadgen::Preset;
use millstream::{DStream, Replay, Scope, Text};
use serde::{Deserialize, Serialize};

pub use flags::Flags;
pub(super) use flags::check;

use super::{Answers, Options};

/// What is done with the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Workload {
    /// Count the lines
    Count,
    /// Look at the clock for so long for each line, and count it: a workload of which it is known what
    /// it costs
    BusyWait,
    /// Count the lines that contain `error`
    Grep,
    /// Count how often each word occurs
    WordCount,
    /// Count how often each word occurs in a window that slides
    WindowedWordCount,
    /// The same, with the inverse: what leaves the window is taken out
    WindowedWordCountInverse,
    /// Find the most frequent words of each batch, or of a window
    TopWords,
    /// Add up the integers of each key: lines `key<TAB>integer`
    KeySum,
    /// Follow keys through sessions, which end when a key is idle: lines `key<TAB>anything`
    Sessions,
    /// Join the first source with all others by key, in each batch or in a window: lines
    /// `key<TAB>value`
    StreamJoin,
    /// The Yahoo streaming benchmark: views by campaign and 10 seconds of event time
    Ysb,
    /// Nothing but what --stamped does: how late stamped lines are, and whether all came
    Latency,
}

impl Workload {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Workload::Count => "count",
            Workload::BusyWait => "busy-wait",
            Workload::Grep => "grep",
            Workload::WordCount => "word-count",
            Workload::WindowedWordCount => "windowed-word-count",
            Workload::WindowedWordCountInverse => "windowed-word-count-inverse",
            Workload::TopWords => "top-words",
            Workload::KeySum => "key-sum",
            Workload::Sessions => "sessions",
            Workload::StreamJoin => "stream-join",
            Workload::Ysb => "ysb",
            Workload::Latency => "latency",
        }
    }

    /// The lines that it is for, among those of the load generator.
    pub fn preset(self) -> Preset {
        match self {
            Workload::KeySum | Workload::Sessions | Workload::StreamJoin => Preset::KeyValue,
            Workload::Ysb => Preset::Ysb,
            Workload::Count
            | Workload::BusyWait
            | Workload::Grep
            | Workload::WordCount
            | Workload::WindowedWordCount
            | Workload::WindowedWordCountInverse
            | Workload::TopWords
            | Workload::Latency => Preset::Words,
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
    let flags = &options.flags;
    let ten_batches = || flags.window_or(options.batch * 10);
    match options.workload {
        Workload::Count => count::describe(&lines, answers),
        Workload::BusyWait => busy_wait::describe(&lines, flags.busy(), answers),
        Workload::Grep => grep::describe(&lines, answers),
        Workload::WordCount => word_count::describe(&lines, answers),
        Workload::WindowedWordCount => {
            windowed_word_count::describe(&lines, ten_batches(), answers)
        }
        Workload::WindowedWordCountInverse => {
            windowed_word_count::describe_with_inverse(&lines, ten_batches(), answers)
        }
        Workload::TopWords => top_words::describe(&lines, flags.window(), flags.top(), answers),
        Workload::KeySum => key_sum::describe(&lines, answers),
        Workload::Sessions => sessions::describe(&lines, flags.idle(), answers),
        Workload::StreamJoin => stream_join::describe(s, sources, flags.window(), answers),
        Workload::Ysb => ysb::describe(&lines, answers),
        // It is all in what reads the stamps.
        Workload::Latency => {}
    }
}
