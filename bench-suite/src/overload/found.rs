//! What was found: as a table and as JSON, and whether it held.

use std::fmt;

use serde::Serialize;

use super::Phase;
use super::group::MemoryGroup;
use super::held_back::HeldBackBy;
use super::plan::to_drain;
use super::ran::Ran;
use crate::strain::{mib, wrong_sources};

/// The version of the JSON form: 2 since there are two jobs.
pub(super) const SCHEMA_VERSION: u32 = 2;

/// What was found.
#[derive(Debug, Default, Serialize)]
pub(super) struct Found {
    pub(super) schema_version: u32,
    /// What a job whose records have the given cost can do, in records a second.
    pub(super) capacity_per_s: f64,
    /// So many times that was offered to the first job.
    pub(super) times: f64,
    pub(super) budget_bytes: u64,
    pub(super) limit_bytes: u64,
    pub(super) phases: Vec<PhaseFound>,
    /// What did not hold, in sentences.
    pub(super) misses: Vec<String>,
}

/// What was found of a job.
#[derive(Debug, Default, Serialize)]
pub(super) struct PhaseFound {
    pub(super) name: &'static str,
    pub(super) work_us: f64,
    pub(super) batch_ms: i64,
    /// Nothing where as much was sent as was taken.
    pub(super) offered_per_s: Option<f64>,
    pub(super) seconds: f64,
    pub(super) sent: u64,
    pub(super) counted: u64,
    /// Sources of which not all was counted, or other records.
    pub(super) sources_wrong: u64,
    /// The most memory that no file lies behind, of many samples.
    pub(super) peak_anonymous_bytes: Option<u64>,
    /// The most that its control group had, with what the kernel keeps of files and takes back.
    pub(super) peak_group_bytes: Option<u64>,
    /// The most that the job said of itself after a batch: received data, states, windows and shuffles.
    pub(super) peak_counted_bytes: u64,
    /// Whether it was in a control group with that limit.
    pub(super) limited: bool,
    /// Whether the system has ended it because its memory had reached the limit.
    pub(super) was_killed: bool,
    /// What held the senders back.
    pub(super) held_back_by: HeldBackBy,
    /// Of how late records were sent, in the mean, the share that was not for lack of room; nothing where they were not
    /// sent at a rate.
    pub(super) senders_share_of_lag: Option<f64>,
    /// What it did, in records a second, until all was done; nothing where that was not in time.
    pub(super) done_per_s: Option<f64>,
    pub(super) batches: u64,
    pub(super) batches_at_the_budget: u64,
    pub(super) failed_batches: u64,
    pub(super) scheduling_delay_median_ms: f64,
    pub(super) scheduling_delay_max_ms: f64,
    pub(super) processing_median_ms: f64,
    pub(super) processing_max_ms: f64,
    /// Nothing where not all was counted in time.
    pub(super) drained_after_s: Option<f64>,
    pub(super) may_drain_for_s: f64,
}

impl PhaseFound {
    pub(super) fn of(phase: &Phase, ran: Ran, group: Option<&MemoryGroup>) -> Self {
        let watched = &ran.watched;
        let counted = match &ran.sums {
            Some(sums) => sums.iter().map(|(_, sum)| sum.records).sum(),
            None => watched.records,
        };
        let mut found = PhaseFound {
            name: phase.name,
            work_us: phase.job.work.as_nanos() as f64 / 1e3,
            batch_ms: phase.job.batch.as_millis(),
            offered_per_s: phase.offered_per_s,
            seconds: ran.seconds,
            sent: ran.sent.records(),
            counted,
            sources_wrong: ran.sums.as_ref().map_or(0, |sums| wrong_sources(&ran.sent, sums)),
            peak_anonymous_bytes: ran.most_anonymous_bytes,
            peak_group_bytes: group.and_then(MemoryGroup::peak_bytes),
            peak_counted_bytes: watched.most_memory_bytes,
            limited: group.is_some(),
            was_killed: ran.was_killed,
            held_back_by: HeldBackBy::default(),
            senders_share_of_lag: ran.sent.own_share_of_lag(),
            done_per_s: ran.drained_after_s.map(|after| counted as f64 / (ran.seconds + after)),
            batches: watched.batches(),
            batches_at_the_budget: watched.batches_at_the_budget,
            failed_batches: watched.failed_batches,
            scheduling_delay_median_ms: watched.scheduling_delay.at_ms(0.5),
            scheduling_delay_max_ms: watched.scheduling_delay.max_ms(),
            processing_median_ms: watched.processing.at_ms(0.5),
            processing_max_ms: watched.processing.max_ms(),
            drained_after_s: ran.drained_after_s,
            may_drain_for_s: to_drain(phase.job.batch).as_secs_f64(),
        };
        found.held_back_by = found.what_held_back();
        found
    }

    /// What did not hold, in sentences.
    pub(super) fn misses(&self, limit_bytes: u64) -> Vec<String> {
        let mut misses = Vec::new();
        let mut unless = |holds: bool, sentence: String| {
            if !holds {
                misses.push(format!("the job \"{}\": {sentence}", self.name));
            }
        };
        let limit = mib(limit_bytes);
        unless(
            !self.was_killed,
            format!("its memory reached the limit of {limit:.1} MiB, and the system has ended it"),
        );
        let peak = self.peak_anonymous_bytes.unwrap_or(self.peak_counted_bytes);
        unless(
            peak <= limit_bytes,
            format!("it had {:.1} MiB of memory; {limit:.1} at most were to be", mib(peak)),
        );
        unless(
            self.failed_batches == 0,
            format!("{} of {} batches have failed; none was to", self.failed_batches, self.batches),
        );
        unless(self.sent > 0, "0 records were sent, so that nothing is shown".to_owned());
        // What it had in memory when it was ended is lost, which is no other miss.
        if !self.was_killed {
            unless(
                self.sent == self.counted,
                format!("{} records were sent, and {} counted", self.sent, self.counted),
            );
            unless(
                self.sources_wrong == 0,
                format!(
                    "of {} sources not what was sent was counted; 0 were to be",
                    self.sources_wrong
                ),
            );
            let after = self.drained_after_s;
            let in_time = after.is_some_and(|after| after <= self.may_drain_for_s);
            let after = after.map_or("never".to_owned(), |after| format!("after {after:.1} s"));
            unless(
                in_time,
                format!(
                    "the rest was done {after}; it was to be within {:.1} s",
                    self.may_drain_for_s
                ),
            );
        }
        misses
    }
}

impl Found {
    /// What it says too little about, in sentences.
    pub(super) fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        if !self.phases.iter().all(|phase| phase.limited) || self.phases.is_empty() {
            doubts.push(
                "no control group has limited the memory, so that it was only watched".to_owned(),
            );
        }
        let too_little =
            |phase: &PhaseFound| phase.was_not_too_much(self.times, self.capacity_per_s);
        doubts.extend(self.phases.iter().filter_map(too_little));
        if let Some(phase) = self.phases.last().filter(|phase| phase.batches_at_the_budget == 0) {
            doubts.push(format!(
                "the budget of {:.1} MiB was never what held the senders back: received data and all else that is \
                 counted were {:.1} MiB at most, after a batch; give less --memory, or a longer --for",
                mib(self.budget_bytes),
                mib(phase.peak_counted_bytes)
            ));
        }
        doubts
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<26}{:>14.0} records/s", "can be done", self.capacity_per_s)?;
        writeln!(f, "{:<26}{:>14.1} MiB", "memory budget", mib(self.budget_bytes))?;
        write!(f, "{:<26}{:>14.1} MiB", "  and a tenth", mib(self.limit_bytes))?;
        for phase in &self.phases {
            write!(f, "\n\n{phase}")?;
        }
        Ok(())
    }
}

impl fmt::Display for PhaseFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |bytes: Option<u64>| match bytes {
            Some(bytes) => format!("{:.1} MiB", mib(bytes)),
            None => "not told".to_owned(),
        };
        let batch_s = self.batch_ms as f64 / 1e3;
        let settings = format!("{} us a record, batches of {batch_s} s", self.work_us);
        writeln!(f, "the job \"{}\": {settings}", self.name)?;
        let mut row = |what: &str, value: String| writeln!(f, "  {what:<24}{value:>14}");
        let offered = self.offered_per_s.map(|per_s| format!("{per_s:.0} records/s"));
        row("was to be sent", offered.unwrap_or("as many as are taken".to_owned()))?;
        row("for", format!("{:.1} s", self.seconds))?;
        row("held back by", self.held_back_by.to_string())?;
        row("records sent", self.sent.to_string())?;
        row("records counted", self.counted.to_string())?;
        let done = self.done_per_s.map(|per_s| format!("{per_s:.0} records/s"));
        row("  until all was done", done.unwrap_or("not told".to_owned()))?;
        row("sources that differ", self.sources_wrong.to_string())?;
        row("most anonymous memory", told(self.peak_anonymous_bytes))?;
        row("  its group's, with files", told(self.peak_group_bytes))?;
        row("  what it counts itself", told(Some(self.peak_counted_bytes)))?;
        row("batches", self.batches.to_string())?;
        row("  at the budget", self.batches_at_the_budget.to_string())?;
        row("  failed", self.failed_batches.to_string())?;
        let of = |median: f64, most: f64| format!("{median:.0} ms, at most {most:.0} ms");
        let delay = of(self.scheduling_delay_median_ms, self.scheduling_delay_max_ms);
        row("scheduling delay", delay)?;
        row("processing time", of(self.processing_median_ms, self.processing_max_ms))?;
        let after = self.drained_after_s.map(|after| format!("{after:.1} s"));
        write!(f, "  {:<24}{:>14}", "the rest done after", after.unwrap_or("never".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn good() -> PhaseFound {
        PhaseFound {
            name: "memory",
            seconds: 10.0,
            sent: 1000,
            counted: 1000,
            peak_anonymous_bytes: Some(60 * MIB),
            limited: true,
            batches: 10,
            batches_at_the_budget: 8,
            drained_after_s: Some(1.0),
            may_drain_for_s: 34.0,
            ..PhaseFound::default()
        }
    }

    /// A change for the worse, and what is said of it.
    type Case = (fn(&mut PhaseFound), [&'static str; 2]);

    #[test]
    fn each_miss_is_told_with_both_numbers() {
        assert!(good().misses(70 * MIB).is_empty());
        let cases: [Case; 5] = [
            (|f| f.peak_anonymous_bytes = Some(80 * MIB), ["80.0 MiB", "70.0 at most"]),
            (|f| f.failed_batches = 3, ["3 of 10", "none"]),
            (|f| f.counted = 999, ["1000 records", "999"]),
            (|f| f.drained_after_s = Some(40.0), ["after 40.0 s", "within 34.0 s"]),
            (|f| f.drained_after_s = None, ["never", "within 34.0 s"]),
        ];
        for (change, said) in cases {
            let mut found = good();
            change(&mut found);
            let misses = found.misses(70 * MIB);
            assert_eq!(misses.len(), 1, "{misses:?}");
            assert!(said.iter().all(|part| misses[0].contains(part)), "{misses:?}");
        }
    }

    #[test]
    fn a_job_that_was_ended_at_its_limit_says_that_and_keeps_its_figures() {
        let found = PhaseFound { was_killed: true, counted: 10, drained_after_s: None, ..good() };
        let misses = found.misses(70 * MIB);
        assert_eq!(misses.len(), 1, "{misses:?}");
        assert!(misses[0].contains("its memory reached the limit of 70.0 MiB"), "{misses:?}");
        let told = found.to_string();
        let row = told.lines().find(|line| line.contains("records sent"));
        assert!(row.is_some_and(|row| row.ends_with(" 1000")), "{told}");
    }

    #[test]
    fn a_run_that_never_came_to_the_budget_says_so() {
        let found = |phase| Found { phases: vec![good(), phase], ..Found::default() };
        assert!(found(good()).doubts().is_empty());
        let doubts = found(PhaseFound { batches_at_the_budget: 0, ..good() }).doubts();
        assert!(doubts.len() == 1 && doubts[0].contains("never what held"), "{doubts:?}");
        let doubts = found(PhaseFound { limited: false, ..good() }).doubts();
        assert!(doubts.len() == 1 && doubts[0].contains("no control group"), "{doubts:?}");
    }
}
