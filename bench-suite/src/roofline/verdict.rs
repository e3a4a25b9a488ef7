//! Whether a row has met its target, or the machine was too noisy to tell.

use serde::Serialize;

use super::rows::Target;
use crate::roof::Reference;
use crate::turns::{Estimate, LEAST_VALUES};

/// What can be said of a row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Verdict {
    pub(super) said: Said,
    /// Why, in a sentence.
    pub(super) reason: String,
}

/// A verdict in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Said {
    /// The whole interval is at the target or above.
    Met,
    /// The target is within the interval, or there is none, or the bare loop was no roof.
    TooNoisy,
    /// The whole interval is below the target.
    NotMet,
    /// No turn has given two outcomes.
    Failed,
    /// Two sides have found different results, so neither figure means anything.
    Wrong,
}

impl Said {
    pub(super) fn name(self) -> &'static str {
        match self {
            Said::Met => "met",
            Said::TooNoisy => "too noisy",
            Said::NotMet => "NOT MET",
            Said::Failed => "FAILED",
            Said::Wrong => "WRONG",
        }
    }
}

/// `share` is the paired ratio, `rate` the first side's own in millions, `of_reference` what the
/// bare loop reached of its rate on a quiet machine.
pub(super) fn judge(
    target: &Target,
    share: Option<Estimate>,
    rate: Option<Estimate>,
    of_reference: Option<f64>,
    agree: bool,
) -> Verdict {
    let verdict = |said, reason: String| Verdict { said, reason };
    if !agree {
        return verdict(Said::Wrong, "the two sides have found different results".into());
    }
    let (Some(share), Some(rate)) = (share, rate) else {
        return verdict(Said::Failed, "in no turn did both sides come to their end".into());
    };
    if let Some(reached) = of_reference.filter(|reached| *reached < Reference::LEAST_SHARE) {
        let reason = format!(
            "the bare loop is no roof: it reached {reached:.2} of its rate on a quiet machine of \
             this kind, and {} is the least",
            Reference::LEAST_SHARE
        );
        return verdict(Said::TooNoisy, reason);
    }
    let share = target.share.map(|target| against(&share, target, "of the other side's rate"));
    let rate = target.m_records_per_s.map(|target| against(&rate, target, "M records/s"));
    let parts: Vec<(Said, String)> = share.into_iter().chain(rate).collect();
    let said = parts.iter().map(|(said, _)| *said).max().unwrap_or(Said::Met);
    let reasons: Vec<String> = parts.into_iter().map(|(_, reason)| reason).collect();
    verdict(said, reasons.join("; "))
}

fn against(reached: &Estimate, target: f64, unit: &str) -> (Said, String) {
    let asked = format!("{target:.2} is asked for");
    let Some(interval) = reached.interval else {
        let reason = format!(
            "{:.2} {unit}, and {asked}; {} turns say too little, {LEAST_VALUES} are the least",
            reached.median, reached.values
        );
        return (Said::TooNoisy, reason);
    };
    let said = match (interval.low >= target, interval.high < target) {
        (true, _) => Said::Met,
        (false, true) => Said::NotMet,
        (false, false) => Said::TooNoisy,
    };
    let reason = format!(
        "{:.2} {unit} ({:.2} to {:.2}), and {asked}",
        reached.median, interval.low, interval.high
    );
    (said, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(low: f64, high: f64) -> Option<Estimate> {
        Estimate::of(&[low, low, low, high, high, high])
    }

    fn said(target: Target, share: Option<Estimate>, rate: Option<Estimate>) -> Said {
        judge(&target, share, rate, None, true).said
    }

    #[test]
    fn a_target_within_the_interval_is_not_judged() {
        let target = Target::share(0.8);
        let said = |low, high| said(target, estimate(low, high), estimate(1.0, 1.0));
        assert_eq!(said(0.8, 0.9), Said::Met);
        assert_eq!(said(0.79, 0.9), Said::TooNoisy);
        assert_eq!(said(0.7, 0.8), Said::TooNoisy);
        assert_eq!(said(0.7, 0.79), Said::NotMet);
    }

    #[test]
    fn too_few_turns_are_not_judged_and_none_have_failed() {
        let five = Estimate::of(&[0.9; 5]);
        let verdict = judge(&Target::share(0.5), five, five, None, true);
        assert_eq!(verdict.said, Said::TooNoisy);
        assert!(verdict.reason.contains("5 turns say too little, 6 are the least"), "{verdict:?}");
        assert_eq!(said(Target::share(0.5), None, five), Said::Failed);
    }

    #[test]
    fn of_two_targets_the_worse_counts() {
        let both = Target { share: Some(0.8), m_records_per_s: Some(50.0) };
        let of = |share: f64, rate: f64| said(both, estimate(share, share), estimate(rate, rate));
        assert_eq!(of(0.9, 60.0), Said::Met);
        assert_eq!(of(0.9, 40.0), Said::NotMet);
        assert_eq!(of(0.7, 60.0), Said::NotMet);
        let noisy = said(both, estimate(0.7, 0.9), estimate(60.0, 60.0));
        assert_eq!(noisy, Said::TooNoisy);
    }

    #[test]
    fn what_is_wrong_or_has_no_roof_is_not_judged() {
        let good = estimate(0.9, 0.9);
        let judge = |reference, agree| judge(&Target::share(0.8), good, good, reference, agree);
        assert_eq!(judge(Some(0.74), true).said, Said::TooNoisy);
        assert!(judge(Some(0.74), true).reason.contains("0.74 of its rate"));
        assert_eq!(judge(Some(0.75), true).said, Said::Met);
        assert_eq!(judge(Some(0.1), false).said, Said::Wrong);
    }
}
