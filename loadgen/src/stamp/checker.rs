//! The checker: sees the lines of a run in any order, and says whether they are all of them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use foldhash::fast::RandomState;

use super::source::Source;
use super::{EndMark, StampedLine, Verdict};

/// Sources come from the network, so there is an end to how many are kept apart. Tests reach it
/// with less memory.
const MOST_SOURCES: usize = if cfg!(test) { 1 << 10 } else { 1 << 20 };

/// Checks that a run of stamped records is whole.
///
/// Several tasks may each check a part of a run, any part, and merge what they have seen. What a
/// line means is decided at the [verdict](Checker::verdict), so a record may be seen before or
/// after the end mark that makes it foreign.
///
/// A source whose records come in order takes about 600 bytes, however many they are. Each gap that
/// is open and each record that came more often than its neighbours takes some 30 bytes more, until
/// what is missing has come. At most 1 Mi sources (2^20) are kept apart; lines of further ones that
/// nobody has [told](Checker::expect) of are foreign.
///
/// ```
/// use loadgen::{Checker, EndMark, Stamp};
///
/// let mut lines = Vec::new();
/// let mut mark = EndMark::new(3);
/// for sequence in 0..100 {
///     let stamp = Stamp { source: 3, sequence, intended_us: 1_000_000, sent_us: 1_000_250 };
///     mark.add(stamp.write(b"two words", &mut lines));
/// }
/// mark.write(&mut lines);
///
/// let mut parts = [Checker::default(), Checker::default()];
/// for (number, line) in lines.split(|&byte| byte == b'\n').enumerate().filter(|&(n, _)| n != 40) {
///     if !line.is_empty() {
///         parts[number % 2].see(line);
///     }
/// }
/// let mut whole = Checker::default();
/// parts.iter().for_each(|part| whole.merge(part));
///
/// let verdict = whole.verdict();
/// assert_eq!((verdict.records, verdict.lost), (99, 1));
/// assert_eq!(verdict.sentences(), ["source 3 lost 1 record: 40"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Checker {
    sources: HashMap<u64, Source, RandomState>,
    torn: u64,
    /// Foreign lines that are in no source.
    foreign: u64,
    no_other_sources: bool,
}

impl Checker {
    /// Sees a line, which comes without its newline, and gives what it has been read as.
    #[inline]
    pub fn see<'a>(&mut self, line: &'a [u8]) -> StampedLine<'a> {
        let read = StampedLine::read(line);
        match &read {
            StampedLine::Record { stamp, digest, .. } => match self.source_mut(stamp.source) {
                // No end mark can make room for a sequence beyond the highest number of records.
                Some(source) if stamp.sequence < u64::MAX => {
                    source.see_record(stamp.sequence, *digest);
                }
                _ => self.foreign += 1,
            },
            StampedLine::End(mark) => match self.source_mut(mark.source) {
                Some(source) => source.see_end(*mark),
                None => self.foreign += 1,
            },
            StampedLine::Torn => self.torn += 1,
            StampedLine::Foreign => self.foreign += 1,
        }
        read
    }

    /// Takes from outside the stream, such as from the summary of the generator, how a source must
    /// have ended.
    ///
    /// Its end is then proven, whether its end mark is seen or not; an end mark that says something
    /// else is foreign. Telling the same twice is as good as once; of two that contradict each
    /// other the one of fewer records is foreign.
    pub fn expect(&mut self, end: EndMark) {
        self.sources.entry(end.source).or_default().expect(end);
    }

    /// Takes from outside the stream that a source has sent no more than this, and that what it sent last
    /// may never have come, as where its connection has broken.
    ///
    /// Records that are missing behind the last one that has come are then [cut](Verdict::cut), not lost;
    /// a hole before it is a loss as ever.
    ///
    /// ```
    /// use loadgen::{Checker, EndMark};
    ///
    /// let mut checker = Checker::default();
    /// checker.expect_at_most(EndMark { source: 3, records: 5, digest: None });
    /// assert_eq!((checker.verdict().lost, checker.verdict().cut), (0, 5));
    /// ```
    pub fn expect_at_most(&mut self, end: EndMark) {
        self.sources.entry(end.source).or_default().expect_at_most(end);
    }

    /// Says that the run has no sources but those that [`expect`](Self::expect) or
    /// [`expect_at_most`](Self::expect_at_most) has told of, before or after this call: all lines of
    /// others are foreign.
    pub fn no_other_sources(&mut self) {
        self.no_other_sources = true;
    }

    /// Takes in all that `other` has seen and was told.
    ///
    /// The verdict is then that of one checker that has seen all lines, in whatever order parts are
    /// merged, but for [`Verdict::out_of_order`], which counts within each part, and but for which
    /// sources are kept if there are more than 1 Mi.
    pub fn merge(&mut self, other: &Self) {
        for (&id, theirs) in &other.sources {
            if theirs.is_expected() {
                self.sources.entry(id).or_default().merge(theirs);
            } else if let Some(own) = self.source_mut(id) {
                own.merge(theirs);
            } else {
                self.foreign += theirs.lines();
            }
        }
        self.torn += other.torn;
        self.foreign += other.foreign;
        self.no_other_sources |= other.no_other_sources;
    }

    /// What the lines seen so far come to. Takes a time that grows with sources and gaps, not with
    /// records.
    pub fn verdict(&self) -> Verdict {
        let mut verdict = Verdict { torn: self.torn, foreign: self.foreign, ..Verdict::default() };
        let mut sources: Vec<_> = self.sources.iter().collect();
        sources.sort_unstable_by_key(|&(&id, _)| id);
        for (&id, source) in sources {
            if self.no_other_sources && !source.is_expected() {
                source.reject(id, &mut verdict);
            } else {
                source.judge(id, &mut verdict);
            }
        }
        verdict
    }

    #[inline]
    fn source_mut(&mut self, id: u64) -> Option<&mut Source> {
        let full = self.sources.len() >= MOST_SOURCES;
        match self.sources.entry(id) {
            Entry::Occupied(entry) => Some(entry.into_mut()),
            Entry::Vacant(entry) => (!full).then(|| entry.insert(Source::default())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::stamp::Stamp;

    fn see(checker: &mut Checker, source: u64, sequence: u64) {
        let mut line = Vec::new();
        Stamp { source, sequence, intended_us: 1, sent_us: 2 }.write(b"body", &mut line);
        line.pop();
        checker.see(&line);
    }

    #[test]
    fn sources_beyond_the_bound_are_foreign_unless_told_of() {
        let most = MOST_SOURCES as u64;
        let mut checker = Checker::default();
        (0..most + 3).for_each(|source| see(&mut checker, source, 0));
        let verdict = checker.verdict();
        assert_eq!((verdict.sources, verdict.records, verdict.foreign), (most, most, 3));

        checker.expect(EndMark::new(most + 1));
        see(&mut checker, most + 1, 0);
        let verdict = checker.verdict();
        assert_eq!((verdict.sources, verdict.records, verdict.foreign), (most + 1, most, 4));

        let mut other = Checker::default();
        (0..5).for_each(|sequence| see(&mut other, most + 2, sequence));
        other.see(b"@");
        other.expect(EndMark { source: most + 3, records: 7, digest: None });
        checker.merge(&other);
        let verdict = checker.verdict();
        assert_eq!((verdict.sources, verdict.foreign, verdict.lost), (most + 2, 4 + 5 + 1, 7));
    }

    #[test]
    fn the_largest_sequence_is_foreign_and_overflows_nothing() {
        let mut checker = Checker::default();
        see(&mut checker, 0, u64::MAX);
        see(&mut checker, 0, u64::MAX - 1);
        checker.expect(EndMark { source: 0, records: u64::MAX, digest: None });
        checker.expect(EndMark { source: 1, records: u64::MAX, digest: None });
        let verdict = checker.verdict();
        assert_eq!((verdict.records, verdict.foreign, verdict.lost), (1, 1, u64::MAX));
        assert_eq!(verdict.sentences().len(), 2);
    }

    #[test]
    fn tasks_may_pass_it_on_and_share_it() {
        fn is_send_and_sync<T: Send + Sync>() {}
        is_send_and_sync::<Checker>();
    }

    /// `cargo test --release -p loadgen --lib speed -- --ignored --nocapture`
    #[test]
    #[ignore = "measures, and asserts nothing of speed"]
    fn speed_of_writing_and_seeing() {
        const RECORDS: u64 = 1_000_000;
        let ns = |start: Instant| start.elapsed().as_nanos() as f64 / RECORDS as f64;
        for sources in [1, 8, 1000] {
            let mut lines = Vec::new();
            let mut write_all = || {
                lines.clear();
                let start = Instant::now();
                for number in 0..RECORDS {
                    let intended_us = 1_790_000_000_000_000 + number;
                    let (source, sequence) = (number % sources, number / sources);
                    Stamp { source, sequence, intended_us, sent_us: intended_us + 50 }
                        .write(&[b'x'; 60], &mut lines);
                }
                ns(start)
            };
            // The first time also takes the memory from the system.
            write_all();
            let write_ns = write_all();

            let lines: Vec<&[u8]> = lines.split(|&byte| byte == b'\n').collect();
            let mut checker = Checker::default();
            let start = Instant::now();
            for line in &lines[..RECORDS as usize] {
                checker.see(line);
            }
            println!("{sources} sources: {write_ns:.0} ns to write, {:.0} ns to see", ns(start));
            assert_eq!(checker.verdict().records, RECORDS);
        }
    }
}
