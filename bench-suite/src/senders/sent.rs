//! What was sent: by connections or senders that had to have all of it taken in, and by connections that
//! broke, of which the last may be missing.

use loadgen::{Checker, EndMark, Summary};

/// A connection that the job's death has broken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Broken {
    /// What was handed to the system.
    pub(crate) sent: EndMark,
    /// When it was dialled, in microseconds since the epoch.
    pub(crate) began_us: u64,
    /// When it was found broken.
    pub(crate) broke_us: u64,
}

/// All that was sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    whole: Vec<EndMark>,
    broken: Vec<Broken>,
    /// Milliseconds that records were sent too late, added up: in all, and those not for lack of room.
    lag_ms: f64,
    own_lag_ms: f64,
}

impl Sent {
    /// What a sender has sent whose every record must be there.
    pub(crate) fn add_whole(&mut self, marks: impl IntoIterator<Item = EndMark>) {
        self.whole.extend(marks);
    }

    pub(crate) fn add_broken(&mut self, broken: Broken) {
        self.broken.push(broken);
    }

    /// Notes how late the records of a run were sent, where each had its moment.
    pub(crate) fn note_lag(&mut self, run: &Summary) {
        if let (Some(lag), Some(own)) = (run.lag_ms, run.raw_lag_ms) {
            self.lag_ms += lag.mean * run.records as f64;
            self.own_lag_ms += own.mean * run.records as f64;
        }
    }

    /// Of how late records were sent, in the mean, the share that was not for lack of room at the other side; nothing
    /// where none was late.
    pub(crate) fn own_share_of_lag(&self) -> Option<f64> {
        (self.lag_ms > 0.0).then(|| self.own_lag_ms / self.lag_ms)
    }

    pub(crate) fn whole(&self) -> &[EndMark] {
        &self.whole
    }

    pub(crate) fn broken(&self) -> &[Broken] {
        &self.broken
    }

    /// How many records in all.
    pub(crate) fn records(&self) -> u64 {
        let broken = self.broken.iter().map(|broken| &broken.sent);
        self.whole.iter().chain(broken).map(|mark| mark.records).sum()
    }

    /// A checker that has been told of it.
    pub(crate) fn checker(&self) -> Checker {
        let mut checker = Checker::default();
        self.whole.iter().for_each(|&mark| checker.expect(mark));
        self.broken.iter().for_each(|broken| checker.expect_at_most(broken.sent));
        checker.no_other_sources();
        checker
    }
}

#[cfg(test)]
mod tests {
    use loadgen::Percentiles;

    use super::*;

    #[test]
    fn of_how_late_records_are_the_senders_share_is_known_over_all_runs() {
        let run = |records, lag: f64, own: f64| {
            let of = |mean| Some(Percentiles { mean, ..Percentiles::default() });
            Summary { records, lag_ms: of(lag), raw_lag_ms: of(own), ..Summary::default() }
        };
        let mut sent = Sent::default();
        sent.note_lag(&Summary { records: 7, ..Summary::default() });
        assert_eq!(sent.own_share_of_lag(), None);
        sent.note_lag(&run(300, 100.0, 10.0));
        sent.note_lag(&run(100, 100.0, 90.0));
        assert_eq!(sent.own_share_of_lag(), Some(0.3));
    }
}
