//! Whether a job was sent too much: what held its senders back, and what it did meanwhile.

use super::found::PhaseFound;
use super::held_back::HeldBackBy;

/// Senders that could send less than this share of what they were to are held back.
const HELD_BACK: f64 = 0.9;

/// Senders are too slow themselves if more than this share of how late their lines were, in the mean, was not for lack
/// of room, as the load generator judges itself.
const OWN_FAULT: f64 = 0.5;

/// What is offered must be this share, at least, of so many times what was done.
const OF_TIMES: f64 = 0.5;

impl PhaseFound {
    fn sent_per_s(&self) -> f64 {
        self.sent as f64 / self.seconds
    }

    pub(super) fn what_held_back(&self) -> HeldBackBy {
        let sent = self.sent_per_s();
        let all_came = self.offered_per_s.is_some_and(|offered| sent > offered * HELD_BACK);
        let are_slow = self.senders_share_of_lag.is_some_and(|share| share > OWN_FAULT);
        match self.batches_at_the_budget {
            _ if all_came => HeldBackBy::Nothing,
            _ if are_slow => HeldBackBy::Themselves,
            0 => HeldBackBy::Admission,
            at_it if at_it * 2 < self.batches => HeldBackBy::AdmissionAndBudget,
            _ => HeldBackBy::Budget,
        }
    }

    /// Why a job that was to be sent so many times `capacity_per_s` was not sent too much, in a sentence.
    pub(super) fn was_not_too_much(&self, times: f64, capacity_per_s: f64) -> Option<String> {
        let (name, offered) = (self.name, self.offered_per_s?);
        let sent = self.sent_per_s();
        match (self.held_back_by, self.senders_share_of_lag, self.done_per_s) {
            (HeldBackBy::Nothing, ..) => Some(format!(
                "the job \"{name}\" was sent {sent:.0} of {offered:.0} records/s, and its senders were held back by \
                 nothing, so that it was not too much; give more --times"
            )),
            (HeldBackBy::Themselves, Some(share), _) => Some(format!(
                "the job \"{name}\" was sent {sent:.0} of {offered:.0} records/s, for its senders were too slow: {:.0} % \
                 of how late their records were, in the mean, was not for lack of room; give more --work, less --times, \
                 or more of the machine",
                share * 100.0
            )),
            (_, _, Some(done)) if offered < done * least(times) => Some(format!(
                "the job \"{name}\" was to be sent {offered:.0} records/s, {times} times the {capacity_per_s:.0} that it \
                 could do at first, and did {done:.0}, so that it was sent {:.1} times as much as it did, where {} \
                 were to be; give a longer --for, which finds out more exactly what can be done",
                offered / done,
                least(times)
            )),
            _ => None,
        }
    }
}

/// So many times what was done must be offered, at least.
fn least(times: f64) -> f64 {
    (times * OF_TIMES).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Was sent a tenth of ten times what it can do, which it did.
    fn held_back() -> PhaseFound {
        let found = PhaseFound {
            name: "work",
            seconds: 10.0,
            offered_per_s: Some(1000.0),
            sent: 1000,
            senders_share_of_lag: Some(0.1),
            done_per_s: Some(100.0),
            batches: 10,
            ..PhaseFound::default()
        };
        PhaseFound { held_back_by: found.what_held_back(), ..found }
    }

    fn with(change: impl Fn(&mut PhaseFound)) -> PhaseFound {
        let mut found = held_back();
        change(&mut found);
        PhaseFound { held_back_by: found.what_held_back(), ..found }
    }

    #[test]
    fn what_held_senders_back_is_told() {
        let by = |change: fn(&mut PhaseFound)| with(change).held_back_by;
        assert_eq!(by(|_| ()), HeldBackBy::Admission);
        assert_eq!(by(|f| f.offered_per_s = None), HeldBackBy::Admission);
        assert_eq!(by(|f| f.batches_at_the_budget = 4), HeldBackBy::AdmissionAndBudget);
        assert_eq!(by(|f| f.batches_at_the_budget = 5), HeldBackBy::Budget);
        assert_eq!(by(|f| f.senders_share_of_lag = Some(0.6)), HeldBackBy::Themselves);
        assert_eq!(by(|f| f.senders_share_of_lag = None), HeldBackBy::Admission);
        assert_eq!(by(|f| f.offered_per_s = Some(100.0)), HeldBackBy::Nothing);
        assert_eq!(HeldBackBy::Budget.to_string(), "the memory budget");
    }

    #[test]
    fn what_was_not_too_much_is_told_with_its_numbers() {
        type Case = (fn(&mut PhaseFound), f64, &'static [&'static str]);
        let cases: [Case; 4] = [
            (|f| f.offered_per_s = Some(100.0), 0.1, &["100 of 100", "by nothing", "--times"]),
            (|f| f.senders_share_of_lag = Some(0.6), 10.0, &["100 of 1000", "60 %", "--work"]),
            (|f| f.done_per_s = Some(250.0), 10.0, &["250", "4.0 times", "where 5 were", "--for"]),
            (|f| f.done_per_s = Some(1250.0), 1.5, &["1250", "0.8 times", "where 1 were"]),
        ];
        for (change, times, said) in cases {
            let sentence = with(change).was_not_too_much(times, 100.0).expect("it was not");
            assert!(said.iter().all(|part| sentence.contains(part)), "{sentence}");
        }
        let is_too_much = |found: &PhaseFound| found.was_not_too_much(10.0, 100.0).is_none();
        assert!(is_too_much(&held_back()));
        assert!(is_too_much(&with(|f| f.done_per_s = Some(200.0))));
        assert!(is_too_much(&with(|f| f.done_per_s = None)));
        // As many as are taken.
        assert!(is_too_much(&with(|f| f.offered_per_s = None)));
    }
}
