//! What about a machine makes its figures untrustworthy, in sentences.

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

/// The smallest difference that a comparison is to find is 5 %. Others who have this share of the cores can
/// make one; a system that idles has a fifth of it.
const MOST_BUSY_SHARE: f64 = 0.05;

/// What the host takes, a run loses as the probe did. It is counted in ticks of which the probe has some
/// two hundred on two cores, so one or two of them say nothing.
const MOST_STEAL: f64 = 0.02;

/// On cores that are free threads wait for a hundredth of their time, for interrupts and for whoever comes
/// by.
const MOST_WAITED: f64 = 0.03;

/// What comes and goes within hundredths of a second is the same in all runs of seconds, but for a part: of
/// this much, a third can be the difference that a comparison is to find.
const MOST_SPREAD: f64 = 0.15;

/// Tasks that wait for memory, be it for so short a time, have something read back from a disk.
const MOST_MEMORY_WAIT: f64 = 0.01;

/// Cores without anything in common do as much at once as one alone; clock rates that fall while all work
/// take up to a tenth.
const LEAST_WORTH: f64 = 0.90;

/// What is the matter with a machine of which this is known.
pub(super) fn findings(facts: &Facts, probe: &Probe) -> Vec<Finding> {
    let warnings =
        [others(facts), stolen(facts), waited(probe), spread(probe), quota(facts), memory(facts)];
    let notes = [
        governor(facts),
        boost(facts),
        siblings(facts, probe),
        swapped(facts),
        huge_pages(facts),
        guest(facts),
    ];
    let of = |weight| move |sentence| Finding { weight, sentence };
    let warnings = warnings.into_iter().flatten().map(of(Weight::Warning));
    warnings.chain(notes.into_iter().flatten().map(of(Weight::Note))).collect()
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn others(facts: &Facts) -> Option<String> {
    let most = MOST_BUSY_SHARE * facts.cores as f64;
    let busy = facts.others_busy_cores.filter(|busy| *busy > most)?;
    Some(format!(
        "Others keep {busy:.2} of {} busy. End them, or wait until they are done.",
        cores(facts.cores)
    ))
}

fn cores(count: usize) -> String {
    if count == 1 { "1 core".into() } else { format!("{count} cores") }
}

fn stolen(facts: &Facts) -> Option<String> {
    let steal = facts.steal_share.filter(|steal| *steal > MOST_STEAL)?;
    Some(format!(
        "The host took {} of the time in which this machine wanted to run. Measure at another time, or on a \
         machine of your own.",
        percent(steal)
    ))
}

fn waited(probe: &Probe) -> Option<String> {
    (probe.waited_share > MOST_WAITED).then(|| {
        format!(
            "No more threads than cores wanted to run, and did not for {} of the time: others were on the \
             cores, or a quota held them back. End what else runs, or wait until it is done.",
            percent(probe.waited_share)
        )
    })
}

fn spread(probe: &Probe) -> Option<String> {
    (probe.spread > MOST_SPREAD).then(|| {
        format!(
            "The same work takes {} more processor time on average than when it is let alone: clock rates \
             change, or somebody else uses a part of the core. Compare only what ran in turns, and take more \
             of them.",
            percent(probe.spread)
        )
    })
}

fn quota(facts: &Facts) -> Option<String> {
    let quota = facts.quota_cores.filter(|quota| *quota < facts.cores as f64)?;
    Some(format!(
        "A control group allows the time of {quota:.2} of {}, so threads are stopped in the middle of their \
         work. Give whole cores instead, by a cpuset, or raise the quota.",
        cores(facts.cores)
    ))
}

fn memory(facts: &Facts) -> Option<String> {
    let wait = facts.memory_wait_share.filter(|wait| *wait > MOST_MEMORY_WAIT)?;
    Some(format!(
        "Tasks waited for memory in {} of the last ten seconds. End what takes it, or give the machine more.",
        percent(wait)
    ))
}

fn governor(facts: &Facts) -> Option<String> {
    let governor = facts.governor.as_deref().filter(|governor| *governor != "performance")?;
    Some(format!(
        "The governor of the clock rate is {governor}, which may follow the load. For steady figures, as \
         root: cpupower frequency-set -g performance."
    ))
}

fn boost(facts: &Facts) -> Option<String> {
    facts.boosts.filter(|boosts| *boosts)?;
    Some(
        "Clock rates may rise while few cores work, or for as long as the processor is cool, so a short run \
         is not as a long one. For steady figures turn off boost."
            .into(),
    )
}

fn siblings(facts: &Facts, probe: &Probe) -> Option<String> {
    let worth = format!(
        "all at once do {:.2} of what one does alone, each. Scaling with parallelism ends there, whatever \
         the program.",
        probe.worth_of_a_core
    );
    let shares = facts.cores > 1 && probe.worth_of_a_core < LEAST_WORTH;
    match facts.sibling_cores.unwrap_or(0) {
        0 => shares.then(|| {
            format!(
                "The {} share something that the system does not tell: {worth}",
                cores(facts.cores)
            )
        }),
        _ if facts.cores == 1 => Some(
            "The core is one of several threads of a core: what runs on the others slows it down."
                .into(),
        ),
        siblings => Some(format!(
            "Of {} {siblings} are one of several threads of a core: {worth}",
            cores(facts.cores)
        )),
    }
}

fn swapped(facts: &Facts) -> Option<String> {
    let mib = facts.swapped_mib.filter(|mib| *mib > 0)?;
    Some(format!(
        "{mib} MiB were moved from memory to a disk: somebody wanted more than there is. Leave out the first \
         seconds of a run, which may have some of it read back."
    ))
}

fn huge_pages(facts: &Facts) -> Option<String> {
    facts.huge_pages.as_deref().filter(|who| *who == "never")?;
    Some(
        "Nobody gets huge pages, so large tables are slower than elsewhere. As root: echo madvise > \
         /sys/kernel/mm/transparent_hugepage/enabled."
            .into(),
    )
}

fn guest(facts: &Facts) -> Option<String> {
    facts.is_virtual.filter(|is_virtual| *is_virtual)?;
    Some(
        "This is a guest on another machine, whose other guests are not to be seen from here. Compare only \
         what ran in turns."
            .into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEADY: Probe = Probe { waited_share: 0.002, spread: 0.02, worth_of_a_core: 0.99 };

    fn quiet() -> Facts {
        Facts {
            cores: 4,
            load_1min: Some(9.0),
            others_busy_cores: Some(0.19),
            steal_share: Some(0.01),
            governor: Some("performance".into()),
            boosts: Some(false),
            quota_cores: Some(4.0),
            sibling_cores: Some(0),
            memory_wait_share: Some(0.0),
            swapped_mib: Some(0),
            huge_pages: Some("madvise".into()),
            is_virtual: Some(false),
        }
    }

    /// The only thing that is the matter.
    fn only(facts: &Facts, probe: &Probe) -> (Weight, String) {
        let found = findings(facts, probe);
        assert_eq!(found.len(), 1, "{found:?}");
        (found[0].weight, found[0].sentence.clone())
    }

    #[test]
    fn of_a_quiet_machine_there_is_nothing_to_say() {
        assert_eq!(findings(&quiet(), &STEADY), []);
        let silent = Facts { cores: 1, ..Facts::default() };
        assert_eq!(findings(&silent, &STEADY), [], "what is not known is no fault");
    }

    #[test]
    fn each_trouble_is_told_with_its_number() {
        for (facts, says) in [
            (
                Facts { others_busy_cores: Some(0.25), ..quiet() },
                "Others keep 0.25 of 4 cores busy.",
            ),
            (
                Facts { cores: 1, others_busy_cores: Some(0.06), ..Facts::default() },
                "0.06 of 1 core ",
            ),
            (Facts { steal_share: Some(0.031), ..quiet() }, "The host took 3.1 %"),
            (Facts { quota_cores: Some(1.5), ..quiet() }, "the time of 1.50 of 4 cores"),
            (Facts { memory_wait_share: Some(0.04), ..quiet() }, "waited for memory in 4.0 %"),
        ] {
            let (weight, sentence) = only(&facts, &STEADY);
            assert!(weight == Weight::Warning && sentence.contains(says), "{sentence} {says}");
        }
        for (probe, says) in [
            (Probe { spread: 0.25, ..STEADY }, "takes 25.0 % more"),
            (Probe { waited_share: 0.25, ..STEADY }, "did not for 25.0 % of the time"),
        ] {
            let (weight, sentence) = only(&quiet(), &probe);
            assert!(weight == Weight::Warning && sentence.contains(says), "{sentence} {says}");
        }
    }

    #[test]
    fn what_the_reader_should_know_is_a_note() {
        for (facts, says) in [
            (Facts { governor: Some("powersave".into()), ..quiet() }, "rate is powersave"),
            (Facts { boosts: Some(true), ..quiet() }, "turn off boost"),
            (
                Facts { sibling_cores: Some(4), ..quiet() },
                "Of 4 cores 4 are one of several threads",
            ),
            (Facts { cores: 1, sibling_cores: Some(1), ..Facts::default() }, "The core is one of"),
            (Facts { swapped_mib: Some(12), ..quiet() }, "12 MiB were moved"),
            (Facts { huge_pages: Some("never".into()), ..quiet() }, "echo madvise"),
            (Facts { is_virtual: Some(true), ..quiet() }, "guest"),
        ] {
            let (weight, sentence) = only(&facts, &STEADY);
            assert!(weight == Weight::Note && sentence.contains(says), "{sentence} {says}");
        }
        let (weight, sentence) = only(&quiet(), &Probe { worth_of_a_core: 0.6, ..STEADY });
        assert!(
            weight == Weight::Note && sentence.contains("do 0.60 of what one does"),
            "{sentence}"
        );
    }

    #[test]
    fn what_is_worst_comes_first() {
        let facts = Facts { is_virtual: Some(true), steal_share: Some(0.5), ..quiet() };
        let weights: Vec<Weight> = findings(&facts, &STEADY).iter().map(|f| f.weight).collect();
        assert_eq!(weights, [Weight::Warning, Weight::Note]);
    }
}
