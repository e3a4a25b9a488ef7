//! What the lines are to look like.

use super::keys::MOST_KEYS;
use super::{Distribution, LineBytes};
use crate::error::{Error, Result};
use crate::ysb;

/// A text is rendered in pages, each from a random stream of its own: on several threads at once,
/// and a longer text begins with the shorter one.
pub(super) const PAGE_BYTES: usize = 1 << 20;

/// The largest text: offsets of lines are kept in 32 bits.
const LARGEST_TEXT_BYTES: usize = 2 << 30;

/// The kinds of lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// Words with spaces between them, some lines with the word `error`.
    #[default]
    Words,
    /// Lines of a web server's access log, in the combined format: the keys are the paths, and the
    /// error share is that of the answers with status 500. The log's time begins with
    /// 1 January 2026 and goes on by a second every thousand lines.
    Log,
    /// `key<TAB>value`: a key such as `k4711` and a whole number from 0 to 999; with a given length
    /// a third column fills the line.
    KeyValue,
    /// Events of the Yahoo streaming benchmark, as JSON: the keys are the advertisements, and the
    /// event's time is the moment at which the line was due.
    Ysb,
    /// Records that are no lines: four bytes with the length of what follows, highest byte first,
    /// then the key and the record's number with eight bytes each, lowest byte first, then random
    /// bytes. Numbers begin again where the rendered records do.
    Binary,
}

impl Preset {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Words => "words",
            Self::Log => "log",
            Self::KeyValue => "kv",
            Self::Ysb => "ysb",
            Self::Binary => "binary",
        }
    }

    /// Whether the records are lines of text.
    pub fn is_lines(self) -> bool {
        self != Self::Binary
    }
}

/// What the lines look like.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// The kind of lines.
    pub preset: Preset,
    /// The same seed gives the same lines, on every machine whose mathematics library agrees in the
    /// last bit of `exp` and `pow`; another seed gives others. Only the moments in `ysb` events are
    /// those of the run.
    pub seed: u64,
    /// How many distinct words, or other keys, there are; in `ysb` events there are always as many
    /// advertisements.
    pub keys: usize,
    /// How often each of them comes up.
    pub distribution: Distribution,
    /// How long a line is, with its newline; by default as its kind has it.
    pub line_bytes: Option<LineBytes>,
    /// The share of the lines that tell of an error, from 0 to 1.
    pub error_share: f64,
    /// How much text to render before it repeats, rounded up to whole MiB.
    pub text_bytes: usize,
}

impl Default for Data {
    fn default() -> Self {
        Self {
            preset: Preset::Words,
            seed: 1,
            keys: 10_000,
            distribution: Distribution::default(),
            line_bytes: None,
            error_share: 0.01,
            text_bytes: 32 << 20,
        }
    }
}

impl Data {
    /// Refuses values that make no sense, in terms of the flags that set them.
    pub fn check(&self) -> Result<()> {
        let refuse = |sentence| Err(Error::Usage(sentence));
        let preset = self.preset.name();
        if !(1..=MOST_KEYS).contains(&self.keys) {
            return refuse(format!(
                "--vocabulary {} is not possible: it must lie between 1 and {MOST_KEYS}",
                self.keys
            ));
        }
        self.distribution.check(self.all_keys())?;
        if let (Preset::Ysb, Distribution::Churn { .. }) = (self.preset, self.distribution) {
            return refuse(format!(
                "--distribution {} does not go with --preset {preset}: its advertisements are \
                 always the same",
                self.distribution
            ));
        }
        if !(0.0..=1.0).contains(&self.error_share) {
            return refuse(format!(
                "--error-share {} is not a share: it must lie between 0 and 1",
                self.error_share
            ));
        }
        if let Some(line_bytes) = self.line_bytes {
            let Some(least) = self.shortest_bytes() else {
                return refuse(format!(
                    "--line-bytes does not go with --preset {preset}: its lines are as long as \
                     they are"
                ));
            };
            line_bytes.check(least)?;
        }
        if !(1..=LARGEST_TEXT_BYTES).contains(&self.text_bytes) {
            return refuse(format!(
                "a text of {} bytes is not possible: it must lie between 1 and \
                 {LARGEST_TEXT_BYTES}",
                self.text_bytes
            ));
        }
        Ok(())
    }

    /// How many keys its lines have.
    pub(super) fn all_keys(&self) -> usize {
        match self.preset {
            Preset::Ysb => ysb::CAMPAIGNS * ysb::ADS_PER_CAMPAIGN,
            _ => self.keys,
        }
    }

    /// The shortest line that can be asked for, if a length can be.
    fn shortest_bytes(&self) -> Option<usize> {
        match self.preset {
            Preset::Words => Some(super::words::SHORTEST_LINE_BYTES),
            Preset::KeyValue => Some(super::key_value::SHORTEST_LINE_BYTES),
            Preset::Binary => Some(super::binary::SHORTEST_RECORD_BYTES),
            Preset::Log | Preset::Ysb => None,
        }
    }

    /// How long a line is in the mean, about.
    pub(crate) fn mean_line_bytes(&self) -> usize {
        match (self.line_bytes, self.preset) {
            (Some(line_bytes), _) => line_bytes.mean() as usize,
            (None, Preset::Words) => super::words::MEAN_LINE_BYTES,
            (None, Preset::Log) => super::access_log::MEAN_LINE_BYTES,
            (None, Preset::KeyValue) => super::key_value::MEAN_LINE_BYTES,
            (None, Preset::Ysb) => ysb::MEAN_EVENT_BYTES,
            (None, Preset::Binary) => super::binary::MEAN_RECORD_BYTES,
        }
    }

    /// Lowers `text_bytes` to what a run of this many records can reach. What is sent stays the
    /// same to the byte; it is only there sooner.
    pub fn shrink_to(&mut self, records: u64) {
        // The first page holds the lines at which connections start. Lines may be longer than the
        // mean.
        let reach_bytes = records.saturating_mul(2 * self.mean_line_bytes() as u64);
        let reach_bytes = reach_bytes.saturating_add(2 * PAGE_BYTES as u64);
        self.text_bytes = self.text_bytes.min(reach_bytes.try_into().unwrap_or(usize::MAX));
    }
}
