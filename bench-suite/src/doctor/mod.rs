//! What about this machine makes its figures untrustworthy: looked for before a benchmark, told by the
//! `doctor` command, and kept with every result.

mod cores;
mod ticks;
mod quota;
mod facts;
mod probe;
mod findings;

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use serde::{Deserialize, Serialize};

pub use facts::Facts;
pub use findings::{Finding, Weight};
pub use probe::Probe;

use crate::machine::Machine;
use crate::outcome::Outcome;
use crate::{stderr, stdout};
use cores::Cores;
use probe::Effort;
use ticks::Ticks;

/// The version of [`Checkup`]'s JSON form.
const SCHEMA_VERSION: u32 = 1;

/// How long others are watched: a hundred ticks of each core's clock, while this process does nothing.
const WATCHED_FOR: Duration = Duration::from_secs(1);

/// Reads a file of the system's; nothing where there is none. Tests read from machines that are made up.
type Read<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What stands under the help.
pub(crate) const EXAMPLES: &str = "\
It takes three seconds. In the first it does nothing, and sees what others do. Then it works, on one core
and on all in turn, and sees how long it waits for a core, what the host takes meanwhile, whether the same
work costs the same, and what each core is worth while all work. Beside that it tells what the system says:
quotas of control groups, threads of one core, who sets the clock rate, memory, huge pages.

A line with `!` is a warning: mend it, or measure at another time. A line with `-` is a note: figures can be
used, with that in mind. Every benchmark looks in this way before it measures, and keeps what it has found.

Examples:
  Wait until the machine is fit to be measured on, then measure:
    until bench-suite doctor; do sleep 60; done && bench-suite

  The warnings alone:
    bench-suite doctor --json | jq -r '.findings[] | select(.weight == \"warning\").sentence'

Exit codes:
  0  nothing but notes    2  wrong usage    5  there is a warning";

/// The flags of `doctor`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Print all that was found as JSON
    #[arg(long)]
    pub json: bool,
}

/// What was found on a machine, at one time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkup {
    /// 1; it changes when a field changes its meaning or goes.
    pub schema_version: u32,
    /// What the system says.
    pub facts: Facts,
    /// What the machine does.
    pub probe: Probe,
    /// What of it is the matter, the worst first.
    pub findings: Vec<Finding>,
}

impl Checkup {
    /// Of this machine, now; takes some three seconds.
    pub fn now() -> Self {
        let read = |path: &str| fs::read_to_string(path).ok();
        let cores = Cores::here(&read);
        let ticks = || Ticks::of(&read("/proc/stat")?, &cores);
        let between =
            |(before, after): (Option<Ticks>, Option<Ticks>)| Some(after?.since(&before?));
        let begun = ticks();
        sleep(WATCHED_FOR);
        let watched = ticks();
        let probe = probe::probe(cores.count(), &Effort::USUAL);
        let facts =
            Facts::of(&read, &cores, between((begun, watched)), between((watched, ticks())));
        let findings = findings::findings(&facts, &probe);
        Checkup { schema_version: SCHEMA_VERSION, facts, probe, findings }
    }

    /// Of this machine before something is measured on it, told on stderr.
    pub fn before_measuring() -> Self {
        stderr::tell("the state of the machine, about 3 s");
        let checkup = Checkup::now();
        for warning in checkup.warnings() {
            stderr::tell(format_args!("warning: {warning}"));
        }
        checkup
    }

    /// The warnings as a paragraph to stand behind a table, or nothing.
    pub fn told_behind_a_table(&self) -> String {
        if self.is_good() {
            return String::new();
        }
        let warnings: String = self.warnings().map(|warning| format!("  ! {warning}\n")).collect();
        format!("\nThe machine, before this was measured:\n{warnings}")
    }

    /// A checkup that has not looked, for tests.
    #[cfg(test)]
    pub(crate) fn of_nothing() -> Self {
        let probe = Probe { waited_share: 0.0, spread: 0.0, worth_of_a_core: 1.0 };
        Checkup { schema_version: SCHEMA_VERSION, facts: Facts::default(), probe, findings: vec![] }
    }

    /// One that has this to say, for tests.
    #[cfg(test)]
    pub(crate) fn warning(sentence: &str) -> Self {
        let finding = Finding { weight: Weight::Warning, sentence: sentence.into() };
        Checkup { findings: vec![finding], ..Self::of_nothing() }
    }

    /// Whether figures of this machine, at that time, can be taken as they are.
    pub fn is_good(&self) -> bool {
        self.findings.iter().all(|finding| finding.weight < Weight::Warning)
    }

    /// The warnings, a sentence each.
    pub fn warnings(&self) -> impl Iterator<Item = &str> {
        let warnings = self.findings.iter().filter(|finding| finding.weight == Weight::Warning);
        warnings.map(|finding| finding.sentence.as_str())
    }
}

/// Looks, and tells. Warnings make the run one that is not valid.
pub fn run(options: &Options) -> Result<Outcome> {
    let checkup = Checkup::now();
    if options.json {
        stdout::print_json(&checkup)?;
    } else {
        stdout::print(told(&Machine::here(), &checkup).trim_end())?;
    }
    Ok(Outcome::valid_if(checkup.is_good()))
}

fn told(machine: &Machine, checkup: &Checkup) -> String {
    let Checkup { facts, probe, findings, .. } = checkup;
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let or_unknown = |known: Option<String>| known.unwrap_or_else(|| "not known".into());
    let lines = [
        ("machine", format!("{}, {} MiB", machine.processor, machine.memory_mib)),
        ("system", machine.kernel.clone()),
        ("cores", facts.cores.to_string()),
        ("load", or_unknown(facts.load_1min.map(|load| format!("{load:.2} over the last minute")))),
        ("others", or_unknown(facts.others_busy_cores.map(|busy| format!("{busy:.2} cores busy")))),
        ("stolen by the host", or_unknown(facts.steal_share.map(percent))),
        ("quota", facts.quota_cores.map_or("none".into(), |quota| format!("{quota:.2} cores"))),
        ("threads of a core", or_unknown(facts.sibling_cores.map(|cores| cores.to_string()))),
        ("governor", or_unknown(facts.governor.clone())),
        ("boost", or_unknown(facts.boosts.map(|boosts| if boosts { "on" } else { "off" }.into()))),
        ("waits for memory", or_unknown(facts.memory_wait_share.map(percent))),
        ("swapped out", or_unknown(facts.swapped_mib.map(|mib| format!("{mib} MiB")))),
        ("huge pages", or_unknown(facts.huge_pages.clone())),
        ("guest", or_unknown(facts.is_virtual.map(|is| if is { "yes" } else { "no" }.into()))),
        ("waits for a core", percent(probe.waited_share)),
        ("the same work", format!("{} more on average than at best", percent(probe.spread))),
        ("all cores at once", format!("{:.2} of one alone, each", probe.worth_of_a_core)),
    ];
    let mut text = String::new();
    for (name, value) in lines {
        text += &format!("{name:<18}  {value}\n");
    }
    text += match (checkup.is_good(), findings.is_empty()) {
        (true, true) => "\nNothing speaks against figures of this machine.\n",
        (true, false) => "\nFigures of this machine can be used; know that:\n",
        (false, _) => "\nFigures of this machine, as it is now, are not to be trusted:\n",
    };
    for Finding { weight, sentence } in findings {
        let mark = if *weight == Weight::Warning { "!" } else { "-" };
        text += &format!("  {mark} {sentence}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine whose files are these.
    pub(super) fn machine(files: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        let files: Vec<(String, String)> =
            files.iter().map(|&(path, text)| (path.into(), text.into())).collect();
        move |path| files.iter().find(|(name, _)| name == path).map(|(_, text)| text.clone())
    }

    #[test]
    fn what_is_not_known_is_said_not_to_be() {
        let told = told(&Machine::here(), &Checkup::of_nothing());
        for name in ["load", "others", "stolen", "governor", "boost", "swapped out", "guest"] {
            let line = told.lines().find(|line| line.starts_with(name));
            assert!(line.is_some_and(|line| line.contains("not known")), "{name}: {told}");
        }
        assert!(told.contains("Nothing speaks against"), "{told}");
    }

    #[test]
    fn a_warning_is_told_and_makes_figures_untrustworthy() {
        let facts = Facts { cores: 2, others_busy_cores: Some(1.0), ..Facts::default() };
        let nothing = Checkup::of_nothing;
        let findings = findings::findings(&facts, &nothing().probe);
        let checkup = Checkup { facts, findings, ..nothing() };
        assert!(!checkup.is_good());
        let behind = checkup.told_behind_a_table();
        assert!(behind.contains(":\n  ! Others keep 1.00 of 2 cores busy."), "{behind}");
        assert_eq!(nothing().told_behind_a_table(), "");
        let told = told(&Machine::here(), &checkup);
        assert!(
            told.contains("not to be trusted:\n  ! Others keep 1.00 of 2 cores busy."),
            "{told}"
        );
    }
}
