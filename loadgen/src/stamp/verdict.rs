//! What a checker has found, as numbers, as places and as sentences.

use serde::{Deserialize, Serialize};

use super::Place;
use super::sentence;

/// Whether a run is whole, and if not, what is wrong with it and where.
///
/// Counts are complete; the places beside them are the first few, by source and sequence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Sources that belong to the run: all that were seen or told, or, where there are
    /// [no others](super::Checker::no_other_sources), those that were told.
    pub sources: u64,
    /// Different intact records that belong to the run.
    pub records: u64,
    /// Records that were sent and not seen: below the end mark of their source, or, without one,
    /// below the highest sequence seen, as where a source may be cut. At most `u64::MAX`.
    pub lost: u64,
    /// Where records are lost.
    pub lost_at: Vec<Place>,
    /// Records that were sent and not seen, behind the last that was, of sources that
    /// [may be cut](super::Checker::expect_at_most). No fault by itself. At most `u64::MAX`.
    #[serde(default)]
    pub cut: u64,
    /// Where sources are cut.
    #[serde(default)]
    pub cut_at: Vec<Place>,
    /// Copies of records and of end marks beyond the first of each.
    pub duplicated: u64,
    /// Where copies are too many.
    pub duplicated_at: Vec<Place>,
    /// Lines that begin or end as stamped lines do and are not as they were written.
    pub torn: u64,
    /// Lines that are no part of the run: those without a stamp, and intact ones of a source that
    /// is not of the run, of a sequence at or beyond the end of its source, or of an end mark that
    /// another one contradicts.
    pub foreign: u64,
    /// Where intact lines are foreign.
    pub foreign_at: Vec<Place>,
    /// Sources whose records have come once each, no more and no less, and do not add up to the
    /// digest of the end mark: others have taken the place of some.
    pub altered: u64,
    /// Which sources are altered.
    pub altered_sources: Vec<u64>,
    /// Records that came after one of a higher sequence of their source. No fault by itself: order
    /// means something only where one reader has read each source from its beginning.
    pub out_of_order: u64,
    /// Sources without an end mark, neither seen nor told: records at their end may be missing.
    pub unended: u64,
    /// Which sources have no end mark.
    pub unended_sources: Vec<u64>,
}

impl Verdict {
    /// Whether every record that is known to have been sent is here, once and unchanged, and no
    /// line besides.
    pub fn is_whole(&self) -> bool {
        [self.lost, self.duplicated, self.torn, self.foreign, self.altered] == [0; 5]
    }

    /// Whether it is whole and every source has told its end, so that nothing can be missing.
    ///
    /// Of a source that has never come nothing is known, unless the checker was
    /// [told](super::Checker::expect) of it.
    pub fn is_proven(&self) -> bool {
        self.is_whole() && self.unended == 0 && self.sources > 0
    }

    /// A sentence for each kind of fault, with numbers and the first places, and one for sources
    /// without an end mark. None is longer than a paragraph, however many faults there are.
    ///
    /// ```
    /// use loadgen::{Checker, EndMark};
    ///
    /// let mut checker = Checker::default();
    /// checker.expect(EndMark { source: 3, records: 5, digest: None });
    /// assert_eq!(checker.verdict().sentences(), ["source 3 lost 5 records: 0 to 4"]);
    /// ```
    pub fn sentences(&self) -> Vec<String> {
        [
            sentence::lost(self.lost, &self.lost_at),
            sentence::duplicated(self.duplicated, &self.duplicated_at),
            sentence::torn(self.torn),
            sentence::foreign(self.foreign, &self.foreign_at),
            sentence::altered(self.altered, &self.altered_sources),
            sentence::unended(self.unended, &self.unended_sources),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
