//! Flags: what the lines look like.

use clap::{Args, ValueEnum};
use loadgen::{Data, Distribution, Error, Label, LineBytes, Preset, Result};

/// What the lines look like.
#[derive(Args, Debug)]
#[command(next_help_heading = "What the lines look like")]
pub(crate) struct Lines {
    /// The kind of lines
    #[arg(long, value_enum, default_value_t = Kind::Words)]
    preset: Kind,
    /// The same seed gives the same lines, another seed gives others
    #[arg(long, value_name = "N", default_value_t = Data::default().seed)]
    seed: u64,
    /// How many distinct words, or keys, there are [default: 10000; 1000 advertisements for ysb]
    #[arg(long, visible_alias = "keys", value_name = "N")]
    vocabulary: Option<usize>,
    /// How often each comes up: zipf, uniform, hot:10/0.9 (ten get 90 of 100), sequential, or
    /// churn:100 (a new one with every hundredth)
    #[arg(long, value_name = "WHICH", default_value = "zipf")]
    distribution: Distribution,
    /// The exponent of Zipf's law: 0 for words that are all alike, more for fewer frequent ones
    /// [default: 1]
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    skew: Option<f64>,
    /// The length of a line with its newline: 97, 20..200, exp:97 or lognormal:97/0.5; words end
    /// whole, so it is their mean [default: 97 for words, 100 for binary]
    #[arg(long, value_name = "BYTES", allow_hyphen_values = true)]
    line_bytes: Option<LineBytes>,
    /// The share of the lines that contain the word `error`, or of answers with status 500
    /// [default: 0.01]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    error_share: Option<f64>,
    /// Write in front of each line where it comes from and when it was due, and a checksum behind
    /// it, for `loadgen check` and `bench-suite job --stamped`
    #[arg(long)]
    stamped: bool,
    /// Begin each line with `<connection> <sequence> `, both from 0, to check order and loss
    #[arg(long, conflicts_with = "stamped")]
    numbered: bool,
    /// The number of the first connection: senders that feed the same reader must not share numbers
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) first_source: u64,
}

/// The kinds of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Words with spaces between them
    Words,
    /// Lines of a web server's access log
    Log,
    /// `key<TAB>value`
    Kv,
    /// Words, stamped: the same as --preset words --stamped
    Stamped,
    /// Events of the Yahoo streaming benchmark, as JSON
    Ysb,
    /// Records with their length in front
    Binary,
}

impl Lines {
    /// What the lines are to look like; refuses flags that they have no use for.
    pub(crate) fn data(&self) -> Result<Data> {
        let default = Data::default();
        Ok(Data {
            preset: self.preset.preset(),
            seed: self.seed,
            keys: self.keys()?.unwrap_or(default.keys),
            distribution: self.distribution()?,
            line_bytes: self.line_bytes,
            error_share: self.error_share()?.unwrap_or(default.error_share),
            ..default
        })
    }

    /// What is written in front of them.
    pub(crate) fn label(&self) -> Result<Label> {
        match (self.stamped || self.preset == Kind::Stamped, self.numbered) {
            (true, true) => refuse(
                "--numbered does not go with --preset stamped: a line begins with its stamp or \
                 with its numbers"
                    .into(),
            ),
            (true, false) => Ok(Label::Stamp),
            (false, true) => Ok(Label::Numbers),
            (false, false) => Ok(Label::None),
        }
    }

    fn keys(&self) -> Result<Option<usize>> {
        match (self.preset, self.vocabulary) {
            (Kind::Ysb, Some(keys)) => refuse(format!(
                "--vocabulary {keys} does not go with --preset ysb: the benchmark has 1000 \
                 advertisements"
            )),
            (_, keys) => Ok(keys),
        }
    }

    fn distribution(&self) -> Result<Distribution> {
        match (self.distribution, self.skew) {
            (Distribution::Zipf { .. }, Some(skew)) => Ok(Distribution::Zipf { skew }),
            (other, None) => Ok(other),
            (other, Some(_)) => refuse(format!(
                "--skew does not go with --distribution {other}: it is that of zipf"
            )),
        }
    }

    fn error_share(&self) -> Result<Option<f64>> {
        match (self.preset, self.error_share) {
            (Kind::Kv | Kind::Ysb | Kind::Binary, Some(_)) => refuse(format!(
                "--error-share does not go with --preset {}: none of its lines tells of an error",
                self.preset.preset().name()
            )),
            (_, share) => Ok(share),
        }
    }
}

impl Kind {
    fn preset(self) -> Preset {
        match self {
            Self::Words | Self::Stamped => Preset::Words,
            Self::Log => Preset::Log,
            Self::Kv => Preset::KeyValue,
            Self::Ysb => Preset::Ysb,
            Self::Binary => Preset::Binary,
        }
    }
}

fn refuse<T>(sentence: String) -> Result<T> {
    Err(Error::Usage(sentence))
}
