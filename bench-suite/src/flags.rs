//! Flags as a test gives them to a command.

use clap::{Args, Error, Parser};

#[derive(Parser)]
struct Line<O: Args> {
    #[command(flatten)]
    options: O,
}

/// What a command with these options makes of the words behind its name.
pub(crate) fn given<'w, O: Args>(words: impl IntoIterator<Item = &'w str>) -> Result<O, Error> {
    let words = ["bench-suite"].into_iter().chain(words);
    Line::try_parse_from(words).map(|line| line.options)
}
