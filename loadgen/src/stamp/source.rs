//! What is known of one source: its records, their digest, and what has been said of its end.

use std::collections::BTreeMap;

use super::place::MOST_SOURCES_NAMED;
use super::seen::Seen;
use super::{EndMark, Place, Verdict};

/// All of it adds up, so that parts of a run can be merged in any order.
#[derive(Clone, Debug, Default)]
pub(super) struct Source {
    seen: Seen,
    digest: u64,
    /// One more than the highest sequence seen.
    frontier: u64,
    out_of_order: u64,
    marks: BTreeMap<EndMark, Mark>,
    /// Whether it may lack records at its end.
    may_be_cut: bool,
}

/// How an end mark is known.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    lines: u64,
    told: bool,
}

impl Source {
    /// A record, whose sequence must be below `u64::MAX`.
    #[inline]
    pub(super) fn see_record(&mut self, sequence: u64, digest: u64) {
        self.seen.add(sequence);
        self.digest = self.digest.wrapping_add(digest);
        let next = sequence + 1;
        if next < self.frontier {
            self.out_of_order += 1;
        } else {
            self.frontier = next;
        }
    }

    pub(super) fn see_end(&mut self, mark: EndMark) {
        self.marks.entry(mark).or_default().lines += 1;
    }

    pub(super) fn expect(&mut self, mark: EndMark) {
        self.marks.entry(mark).or_default().told = true;
    }

    /// As [`expect`](Self::expect), but records at the end may be missing.
    pub(super) fn expect_at_most(&mut self, mark: EndMark) {
        self.expect(mark);
        self.may_be_cut = true;
    }

    pub(super) fn is_expected(&self) -> bool {
        self.marks.values().any(|mark| mark.told)
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.seen.merge(&other.seen);
        self.digest = self.digest.wrapping_add(other.digest);
        self.frontier = self.frontier.max(other.frontier);
        self.out_of_order += other.out_of_order;
        self.may_be_cut |= other.may_be_cut;
        for (&end, mark) in &other.marks {
            let own = self.marks.entry(end).or_default();
            own.lines += mark.lines;
            own.told |= mark.told;
        }
    }

    /// The end mark that holds.
    fn end(&self) -> Option<EndMark> {
        // Of marks that contradict each other the one that was told holds, or else the one that
        // takes the fewest records for foreign; which came first would depend on the merging.
        let told = self.marks.iter().rfind(|(_, mark)| mark.told);
        told.or(self.marks.last_key_value()).map(|(&end, _)| end)
    }

    /// Adds what this source has come to, as one that belongs to the run.
    pub(super) fn judge(&self, source: u64, verdict: &mut Verdict) {
        let end = self.end();
        let mut account = self.seen.account(source, end.map(|end| end.records));
        let mut foreign = account.beyond;
        let mut cut = Place::in_source(source);
        // An end mark is sent last: where it has come, so must all have.
        let is_open = self.may_be_cut && self.marks.values().all(|mark| mark.lines == 0);
        let at_end = if is_open { &mut cut } else { &mut account.lost };
        at_end.add(account.lost_at_end, 1);
        let faults = [&account.lost, &cut, &account.duplicated, &foreign];
        let each_once = faults.iter().all(|place| place.count == 0);

        for (&mark, known) in &self.marks {
            if Some(mark) == end {
                account.duplicated.add_end_marks(known.lines.saturating_sub(1));
            } else {
                foreign.add_end_marks(known.lines + u64::from(known.told));
            }
        }

        verdict.sources += 1;
        verdict.records += account.records;
        verdict.out_of_order += self.out_of_order;
        account.lost.join(&mut verdict.lost, &mut verdict.lost_at);
        cut.join(&mut verdict.cut, &mut verdict.cut_at);
        account.duplicated.join(&mut verdict.duplicated, &mut verdict.duplicated_at);
        foreign.join(&mut verdict.foreign, &mut verdict.foreign_at);
        match end {
            None => name(source, &mut verdict.unended, &mut verdict.unended_sources),
            Some(end) if each_once && end.digest.is_some_and(|sum| sum != self.digest) => {
                name(source, &mut verdict.altered, &mut verdict.altered_sources);
            }
            Some(_) => {}
        }
    }

    /// How many lines it has come to.
    pub(super) fn lines(&self) -> u64 {
        self.as_foreign(0).count
    }

    /// Adds what this source has come to, as one that does not belong to the run.
    pub(super) fn reject(&self, source: u64, verdict: &mut Verdict) {
        self.as_foreign(source).join(&mut verdict.foreign, &mut verdict.foreign_at);
    }

    fn as_foreign(&self, source: u64) -> Place {
        let mut foreign = self.seen.account(source, Some(0)).beyond;
        foreign.add_end_marks(self.marks.values().map(|mark| mark.lines).sum());
        foreign
    }
}

fn name(source: u64, count: &mut u64, sources: &mut Vec<u64>) {
    *count += 1;
    if sources.len() < MOST_SOURCES_NAMED {
        sources.push(source);
    }
}
