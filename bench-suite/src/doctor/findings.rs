//! What about a machine makes its figures untrustworthy, in sentences.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::{Facts, Probe};

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Figures hold; the reader should know.
    Note,
    /// Figures of this machine, now, should be taken again at a better time.
    Warning,
}

/// One thing that is the matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How bad it is.
    pub weight: Weight,
    /// What, with its number, and what to do.
    pub sentence: String,
}

/// Others may have this much of a core before figures suffer.
const MOST_BUSY_CORES: f64 = 0.10;
const MOST_STEAL: f64 = 0.01;
const MOST_SPREAD: f64 = 0.10;
/// Cores that do less than this at the same time share something.
const LEAST_WORTH: f64 = 0.90;

/// What is the matter with a machine of which this is known.
pub(super) fn findings(facts: &Facts, probe: &Probe) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |weight, sentence| findings.push(Finding { weight, sentence });
    if let Some(busy) = facts.others_busy_cores.filter(|busy| *busy > MOST_BUSY_CORES) {
        add(
            Weight::Warning,
            format!(
                "Others keep {busy:.2} of {} cores busy. End them, or wait until they are done.",
                facts.cores
            ),
        );
    }
    if let Some(steal) = facts.steal_share.filter(|steal| *steal > MOST_STEAL) {
        add(
            Weight::Warning,
            format!(
                "The host took {:.1} % of the time in which this machine wanted to run. Measure at \
                 another time, or on a machine of your own.",
                steal * 100.0
            ),
        );
    }
    if probe.spread > MOST_SPREAD {
        add(
            Weight::Warning,
            format!(
                "The same work takes {:.0} % longer now and then. Take more turns, and trust processor \
                 seconds more than rates.",
                probe.spread * 100.0
            ),
        );
    }
    if let Some(quota) = facts.quota_cores.filter(|quota| *quota < facts.cores as f64) {
        add(
            Weight::Warning,
            format!(
                "A control group allows {quota:.2} cores' time on {} cores, so threads are stopped in the \
                 middle of their work. Raise the quota, or measure with --parallelism {}.",
                facts.cores,
                (quota.floor() as usize).max(1)
            ),
        );
    }
    if let Some(governor) = facts.governor.as_deref().filter(|governor| *governor != "performance")
    {
        add(
            Weight::Note,
            format!(
                "The governor {governor} sets the clock rate by load. For steady figures: cpupower \
                 frequency-set -g performance."
            ),
        );
    }
    let siblings = facts.sibling_cores.filter(|siblings| *siblings > 0);
    if facts.cores > 1 && (siblings.is_some() || probe.worth_of_a_core < LEAST_WORTH) {
        add(
            Weight::Note,
            format!(
                "All {} cores at once do {:.2} of a core's work each{}. Scaling with parallelism ends \
                 there, whatever the program.",
                facts.cores,
                probe.worth_of_a_core,
                match siblings {
                    Some(siblings) => format!(", for {siblings} of them are threads of one"),
                    None => String::new(),
                }
            ),
        );
    }
    if facts.is_virtual {
        add(
            Weight::Note,
            "This is a guest on another machine, whose other guests are not to be seen from here. Compare \
             ratios of runs in turn."
                .into(),
        );
    }
    findings.sort_by_key(|finding| Reverse(finding.weight));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEADY: Probe = Probe { spread: 0.02, worth_of_a_core: 0.99 };

    fn quiet() -> Facts {
        Facts {
            cores: 4,
            load_1min: Some(0.1),
            others_busy_cores: Some(0.01),
            steal_share: Some(0.0),
            governor: Some("performance".into()),
            quota_cores: None,
            sibling_cores: Some(0),
            is_virtual: false,
        }
    }

    fn found(facts: &Facts, probe: &Probe) -> Vec<(Weight, String)> {
        findings(facts, probe).into_iter().map(|f| (f.weight, f.sentence)).collect()
    }

    #[test]
    fn of_a_quiet_machine_there_is_nothing_to_say() {
        assert_eq!(found(&quiet(), &STEADY), []);
        let silent = Facts { cores: 1, ..Facts::default() };
        assert_eq!(found(&silent, &STEADY), [], "what is not known is no fault");
    }

    #[test]
    fn each_trouble_is_told_with_its_number() {
        for (facts, probe, weight, says) in [
            (
                Facts { others_busy_cores: Some(0.5), ..quiet() },
                STEADY,
                Weight::Warning,
                "0.50 of 4",
            ),
            (Facts { steal_share: Some(0.031), ..quiet() }, STEADY, Weight::Warning, "3.1 %"),
            (quiet(), Probe { spread: 0.25, ..STEADY }, Weight::Warning, "25 % longer"),
            (
                Facts { quota_cores: Some(1.5), ..quiet() },
                STEADY,
                Weight::Warning,
                "--parallelism 1",
            ),
            (
                Facts { governor: Some("powersave".into()), ..quiet() },
                STEADY,
                Weight::Note,
                "powersave",
            ),
            (Facts { sibling_cores: Some(4), ..quiet() }, STEADY, Weight::Note, "threads of one"),
            (quiet(), Probe { worth_of_a_core: 0.6, ..STEADY }, Weight::Note, "0.60 of a core"),
            (Facts { is_virtual: true, ..quiet() }, STEADY, Weight::Note, "guest"),
        ] {
            let found = found(&facts, &probe);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].0 == weight && found[0].1.contains(says), "{found:?} {says}");
        }
    }

    #[test]
    fn what_is_worst_comes_first() {
        let facts = Facts { is_virtual: true, steal_share: Some(0.5), ..quiet() };
        let weights: Vec<Weight> = found(&facts, &STEADY).into_iter().map(|(w, _)| w).collect();
        assert_eq!(weights, [Weight::Warning, Weight::Note]);
    }
}
