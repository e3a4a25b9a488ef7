//! What was sent: by connections or senders that had to have all of it taken in, and by connections that
//! broke, of which the last may be missing.

use loadgen::{Checker, EndMark};

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
}

impl Sent {
    /// What a sender has sent whose every record must be there.
    pub(crate) fn add_whole(&mut self, marks: impl IntoIterator<Item = EndMark>) {
        self.whole.extend(marks);
    }

    pub(crate) fn add_broken(&mut self, broken: Broken) {
        self.broken.push(broken);
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
