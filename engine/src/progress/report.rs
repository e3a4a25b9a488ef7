//! How a batch went: its delays, its records by source, its stages.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::time::{Duration, Time};

/// The version of [`BatchReport`]'s JSON form. It changes when a field changes its meaning or goes.
pub const SCHEMA_VERSION: u32 = 1;

/// How one batch went. The three delays have the meaning that the original gives them: *scheduling
/// delay* from submission (the batch's time on the clock) to the start, *processing time* from the
/// start to the end of the last output and of what the batch leaves in states and windows, *total
/// delay* their sum. All are in milliseconds, with a
/// fraction.
#[derive(Clone, Debug, Serialize)]
pub struct BatchReport {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The batch's label: the end of its interval, in milliseconds since the epoch.
    pub batch_time_ms: i64,
    /// How often batches are cut.
    pub batch_interval_ms: i64,
    /// How many due times the batch stands for: its own, and those right before it that were left out
    /// ([`Conf::overrun`](crate::Conf::overrun)), whose records it has. 1 for a batch that is run again.
    pub covers_batches: u64,
    /// Records that the batch took in, over all sources: those that were given to operators.
    pub records: u64,
    /// Bytes that the batch took in.
    pub bytes: u64,
    /// From the batch's time to its start.
    pub scheduling_delay_ms: f64,
    /// From its start to the end of its last output, and of what it leaves in states and windows.
    pub processing_ms: f64,
    /// The sum of both.
    pub total_delay_ms: f64,
    /// By source, in the order in which they were made.
    pub sources: Vec<SourceReport>,
    /// By stage, in the order in which they ran.
    pub stages: Vec<StageReport>,
    /// Records that did not parse ([`DStream::parse`](crate::DStream::parse), or a missing
    /// [`field`](crate::DStream::field)). A task that is tried again counts once. A stream that is
    /// computed for several outputs counts for each; an output that stops early, as `print` does,
    /// counts as far as it has read, and a window counts the batches that it reads again.
    pub unparsed: u64,
    /// Bytes that were worked on before the batch's turn.
    pub early_bytes: u64,
    /// Bytes of received data in memory when the batch ended, over all contexts of the engine.
    pub memory_bytes: u64,
    /// The most bytes of received data that may be in memory, beside [`held_bytes`](BatchReport::held_bytes) and
    /// what lines that are not UTF-8 were mended into.
    pub memory_limit_bytes: u64,
    /// Of what is in memory, the bytes of blocks that windows of raw records keep.
    pub window_bytes: u64,
    /// Bytes that states, windows and shuffles held when the outputs had run, and the lists of records that raw
    /// windows over queues and users' receivers kept of batches before: the room of their tables and lists, at
    /// the size of their elements. What an element owns elsewhere is not counted. Received data has as much
    /// less of the memory.
    pub held_bytes: u64,
    /// Of the bytes that the batch took in, those that had been moved to disk meanwhile.
    pub spilled_bytes: u64,
    /// Bytes of received data on disk when the batch ended: moved there from memory, for batches that wait
    /// and windows of raw records.
    pub disk_bytes: u64,
    /// What failed, an entry for each output; empty when the batch succeeded.
    pub errors: Vec<String>,
}

impl BatchReport {
    /// Whether every output succeeded.
    pub fn succeeded(&self) -> bool {
        self.errors.is_empty()
    }

    /// A sentence about records that were left out or changed on their way in, if any were.
    ///
    /// ```
    /// # use millstream::{Conf, progress::{BatchReport, Listener}};
    /// struct Losses;
    ///
    /// impl Listener for Losses {
    ///     fn batch_completed(&self, report: &BatchReport) {
    ///         if let Some(sentence) = report.left_out() {
    ///             println!("{sentence}"); // batch 5000 ms: of its records, 2 did not parse
    ///         }
    ///     }
    /// }
    /// let conf = Conf::new("losses").listener(Losses);
    /// ```
    pub fn left_out(&self) -> Option<String> {
        let mut lines = LineCounts::default();
        self.sources.iter().for_each(|source| lines += source.lines);
        let counted = [
            (lines.rejected, "were rejected (too long, broken off, or not UTF-8)"),
            (lines.cut, "were cut (too long)"),
            (lines.mended, "were mended (not UTF-8)"),
            (self.unparsed, "did not parse"),
        ];
        let told = counted.iter().filter(|(records, _)| *records > 0);
        let told: Vec<String> = told.map(|(records, what)| format!("{records} {what}")).collect();
        (!told.is_empty())
            .then(|| format!("batch {}: of its records, {}", self.batch_time(), told.join(", ")))
    }

    /// The batch's label.
    pub fn batch_time(&self) -> Time {
        Time::from_millis(self.batch_time_ms)
    }
}

/// What one source gave to a batch.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SourceReport {
    /// Its name, as in `socket localhost:7777`: the same string in every report.
    pub name: Arc<str>,
    /// Bytes in its blocks.
    pub bytes: u64,
    /// Blocks.
    pub blocks: u64,
    /// What became of the lines.
    #[serde(flatten)]
    pub lines: LineCounts,
    /// The most records a second that its receiver takes in from the end of this batch on; `None` where there is
    /// no limit ([`Conf::max_rate`](crate::Conf::max_rate),
    /// [`Conf::backpressure`](crate::Conf::backpressure)).
    pub rate_limit: Option<f64>,
    /// What it could not give, in sentences: a directory that cannot be listed, a file that shrank.
    /// The batch went on without it.
    pub troubles: Vec<String>,
}

/// What became of lines. Those framed are those given to operators plus those rejected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineCounts {
    /// Lines (or other records) given to operators.
    pub records: u64,
    /// Lines left out because they were too long or not UTF-8; records left out because they were
    /// too long, or because their connection ended before they were whole.
    pub rejected: u64,
    /// Lines that came longer than is allowed, cut there.
    pub cut: u64,
    /// Lines in which malformed UTF-8 was replaced, cut or not where that has made them too long.
    pub mended: u64,
    /// Last lines of a connection that had no line end, and other last records that were not whole;
    /// they are among the records, or the rejected.
    pub unterminated: u64,
}

impl std::ops::AddAssign for LineCounts {
    fn add_assign(&mut self, other: Self) {
        self.records += other.records;
        self.rejected += other.rejected;
        self.cut += other.cut;
        self.mended += other.mended;
        self.unterminated += other.unterminated;
    }
}

/// How long a stage took at the batch's turn.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageReport {
    /// The operator whose stage it is.
    pub name: &'static str,
    /// Tasks that ran, retries aside.
    pub tasks: usize,
    /// From the first task's start to the last one's end.
    pub millis: f64,
    /// Rounds of retries after panics.
    pub retries: u32,
    /// The work of a window's slide: partial results that entered it or left it. 0 elsewhere.
    pub entries: u64,
}

impl From<(Time, Duration)> for BatchReport {
    fn from((time, interval): (Time, Duration)) -> Self {
        BatchReport {
            schema_version: SCHEMA_VERSION,
            batch_time_ms: time.as_millis(),
            batch_interval_ms: interval.as_millis(),
            covers_batches: 1,
            records: 0,
            bytes: 0,
            scheduling_delay_ms: 0.0,
            processing_ms: 0.0,
            total_delay_ms: 0.0,
            sources: Vec::new(),
            stages: Vec::new(),
            unparsed: 0,
            early_bytes: 0,
            memory_bytes: 0,
            memory_limit_bytes: 0,
            window_bytes: 0,
            held_bytes: 0,
            spilled_bytes: 0,
            disk_bytes: 0,
            errors: Vec::new(),
        }
    }
}

/// A length of real time in milliseconds, with its fraction.
pub(crate) fn as_ms(d: std::time::Duration) -> f64 {
    d.as_secs_f64() * 1e3
}
