//! What was sent: by connections or senders that had to have all of it taken in, and by connections that
//! broke, of which the last may be missing.

use std::collections::BTreeMap;
use std::fs;

use loadgen::{Checker, EndMark};

use super::found::Found;
use crate::killable::MEMORY_BYTES;

/// No stamped line is shorter.
const LEAST_LINE_BYTES: u64 = 50;

/// What the system's buffers hold where it does not say.
const BUFFERS_BYTES: u64 = 16 << 20;

/// A connection that the job's death has broken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Broken {
    /// What was handed to the system.
    pub(super) sent: EndMark,
    /// When it was dialled, in microseconds since the epoch.
    pub(super) began_us: u64,
    /// When it was found broken.
    pub(super) broke_us: u64,
}

/// All that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    whole: Vec<EndMark>,
    broken: Vec<Broken>,
    /// No broken connection may lack more than this.
    most_bytes: u64,
}

impl Default for Sent {
    fn default() -> Self {
        Sent { whole: Vec::new(), broken: Vec::new(), most_bytes: most_unacknowledged_bytes() }
    }
}

/// What the buffers of a connection's two ends hold, and what the job may have received and not yet logged.
fn most_unacknowledged_bytes() -> u64 {
    let largest = |name| {
        let text = fs::read_to_string(format!("/proc/sys/net/ipv4/{name}")).ok()?;
        text.split_whitespace().last()?.parse::<u64>().ok()
    };
    let buffers = largest("tcp_wmem").zip(largest("tcp_rmem")).map(|(write, read)| write + read);
    MEMORY_BYTES + buffers.unwrap_or(BUFFERS_BYTES)
}

impl Sent {
    #[cfg(test)]
    pub(super) fn of_at_most(most_bytes: u64) -> Self {
        Sent { most_bytes, ..Sent::default() }
    }

    /// What a sender has sent whose every record must be there.
    pub(super) fn add_whole(&mut self, marks: impl IntoIterator<Item = EndMark>) {
        self.whole.extend(marks);
    }

    pub(super) fn add_broken(&mut self, broken: Broken) {
        self.broken.push(broken);
    }

    pub(crate) fn whole(&self) -> &[EndMark] {
        &self.whole
    }

    /// How many records in all.
    pub(crate) fn records(&self) -> u64 {
        let broken = self.broken.iter().map(|broken| &broken.sent);
        self.whole.iter().chain(broken).map(|mark| mark.records).sum()
    }

    /// A checker that has been told of it.
    pub(super) fn checker(&self) -> Checker {
        let mut checker = Checker::default();
        self.whole.iter().for_each(|&mark| checker.expect(mark));
        self.broken.iter().for_each(|broken| checker.expect_at_most(broken.sent));
        checker.no_other_sources();
        checker
    }

    /// Tells of the connections that lack what they sent last: how much, and how long before the break that
    /// was sent.
    pub(super) fn account_for_cuts(
        &self,
        last_sent_us: &BTreeMap<u64, u64>,
        counts: &BTreeMap<u64, u64>,
        found: &mut Found,
    ) {
        let unacknowledged = &mut found.unacknowledged;
        let mut too_many = Vec::new();
        unacknowledged.connections = self.broken.len() as u64;
        unacknowledged.most_bytes_allowed = self.most_bytes;
        for Broken { sent, began_us, broke_us } in &self.broken {
            let kept = counts.get(&sent.source).copied().unwrap_or_default();
            let missing = sent.records.saturating_sub(kept);
            if missing == 0 {
                continue;
            }
            unacknowledged.most_records = unacknowledged.most_records.max(missing);
            // The first that is missing was sent after the last that is there.
            let after_us = last_sent_us.get(&sent.source).unwrap_or(began_us);
            let age_ms = broke_us.saturating_sub(*after_us) as f64 / 1e3;
            unacknowledged.oldest_ms = unacknowledged.oldest_ms.max(age_ms);
            if missing.saturating_mul(LEAST_LINE_BYTES) > self.most_bytes {
                too_many.push((sent.source, missing));
            }
        }
        for (source, missing) in too_many {
            found.lost += missing;
            found.say(format_args!(
                "connection {source} lacks its last {missing} records, which are more than {} bytes",
                self.most_bytes
            ));
        }
    }
}
