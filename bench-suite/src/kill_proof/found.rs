//! What a checker has found, and what a whole proof comes to: as a table and as JSON.

use std::fmt::{self, Display};

use loadgen::Verdict;
use serde::Serialize;

/// More sentences than these tell nothing new.
const SENTENCES_KEPT: usize = 20;

/// What is wrong with the files of a job: all counts of a job that keeps its promises are zero.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Found {
    /// Batches whose records were looked at.
    pub(super) batches: u64,
    /// Different records that were sent and are there.
    pub(super) records: u64,
    /// Records that are not there, though a later one of their source is, or all had to be.
    pub(super) lost: u64,
    /// Copies beyond the first.
    pub(super) duplicated: u64,
    /// Records behind a later one of their source.
    pub(super) out_of_order: u64,
    /// Pieces of records.
    pub(super) torn: u64,
    /// Lines, files and folders that nobody has sent or made.
    pub(super) foreign: u64,
    /// Sources of which every record is there once, some with other content.
    pub(super) altered: u64,
    /// Folders of an output that a batch should have, and has not.
    pub(super) missing: u64,
    /// Folders that are not whole, or still under their temporary name.
    pub(super) unfinished: u64,
    /// Batches whose totals so far are not those of the records up to then.
    pub(super) wrong_totals: u64,
    /// Windows that are not what the records of their batches sum to.
    pub(super) wrong_windows: u64,
    /// Over plain TCP, what was sent last over connections that a death has broken, and is not there.
    pub(super) unacknowledged: Unacknowledged,
    /// The first violations, each as a sentence.
    pub(super) sentences: Vec<String>,
}

/// What plain TCP loses: what nobody has said that it was taken in.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Unacknowledged {
    /// Connections that a death has broken.
    pub(super) connections: u64,
    /// Records at their ends that are not there.
    pub(super) records: u64,
    /// The most of one connection.
    pub(super) most_records: u64,
    /// No connection may lack more: what the buffers of its two ends hold, and what the job may have received
    /// and not logged.
    pub(super) most_bytes_allowed: u64,
    /// How long before the break the first of them may have been sent, at most.
    pub(super) oldest_ms: f64,
}

impl Found {
    /// Takes in what was found of the records.
    pub(super) fn take_verdict(&mut self, verdict: &Verdict) {
        self.records = verdict.records;
        self.lost += verdict.lost;
        self.duplicated += verdict.duplicated;
        self.out_of_order += verdict.out_of_order;
        self.torn += verdict.torn;
        self.foreign += verdict.foreign;
        self.altered += verdict.altered;
        self.unacknowledged.records = verdict.cut;
        verdict.sentences().iter().for_each(|sentence| self.say(sentence));
        if verdict.out_of_order > 0 {
            self.say(format_args!("{} records are out of order", verdict.out_of_order));
        }
    }

    pub(super) fn say(&mut self, sentence: impl Display) {
        if self.sentences.len() < SENTENCES_KEPT {
            self.sentences.push(sentence.to_string());
        }
    }

    /// Each kind of violation, and how many there are.
    pub(super) fn violations(&self) -> [(&'static str, u64); 10] {
        [
            ("lost", self.lost),
            ("duplicated", self.duplicated),
            ("out of order", self.out_of_order),
            ("torn", self.torn),
            ("foreign", self.foreign),
            ("sources altered", self.altered),
            ("folders missing", self.missing),
            ("folders unfinished", self.unfinished),
            ("wrong totals", self.wrong_totals),
            ("wrong windows", self.wrong_windows),
        ]
    }

    /// Whether there is none, and something that there could have been one in.
    pub(super) fn is_clean(&self) -> bool {
        self.records > 0 && self.violations().iter().all(|&(_, count)| count == 0)
    }
}

impl Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<28}{:>12}", "batches", self.batches)?;
        writeln!(f, "{:<28}{:>12}", "records in files", self.records)?;
        for (kind, count) in self.violations() {
            writeln!(f, "{kind:<28}{count:>12}")?;
        }
        let lost = &self.unacknowledged;
        if lost.connections > 0 {
            writeln!(f, "{:<28}{:>12}", "unacknowledged suffixes", lost.records)?;
            writeln!(
                f,
                "  of {} broken connections; at most {} records of one, of {} MiB that may be; the first sent at most \
                 {:.0} ms before",
                lost.connections,
                lost.most_records,
                lost.most_bytes_allowed >> 20,
                lost.oldest_ms
            )?;
        }
        self.sentences.iter().try_for_each(|sentence| writeln!(f, "{sentence}"))
    }
}
