//! What about this machine makes its figures untrustworthy: looked for before a benchmark, told by the
//! `doctor` command, and kept with every result.

mod facts;
mod probe;
mod findings;

use anyhow::{Context, Result};
use clap::Args;
use serde::{Deserialize, Serialize};

pub use facts::Facts;
pub use findings::{Finding, Weight};
pub use probe::Probe;

use crate::machine::Machine;
use crate::outcome::Outcome;

/// The version of [`Checkup`]'s JSON form.
const SCHEMA_VERSION: u32 = 1;

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
        let facts = Facts::here();
        let probe = probe::probe(facts.cores);
        let findings = findings::findings(&facts, &probe);
        Checkup { schema_version: SCHEMA_VERSION, facts, probe, findings }
    }

    /// A checkup that has not looked, for tests.
    #[cfg(test)]
    pub(crate) fn of_nothing() -> Self {
        let probe = Probe { spread: 0.0, worth_of_a_core: 1.0 };
        Checkup { schema_version: SCHEMA_VERSION, facts: Facts::default(), probe, findings: vec![] }
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
        println!("{}", serde_json::to_string(&checkup).context("the findings have no odd keys")?);
    } else {
        print!("{}", told(&Machine::here(), &checkup));
    }
    Ok(Outcome::valid_if(checkup.is_good()))
}

fn told(machine: &Machine, checkup: &Checkup) -> String {
    let Checkup { facts, probe, findings, .. } = checkup;
    let or_unknown = |known: Option<String>| known.unwrap_or_else(|| "not known".into());
    let lines = [
        (
            "machine",
            format!("{}, {} cores, {} MiB", machine.processor, facts.cores, machine.memory_mib),
        ),
        ("system", machine.kernel.clone()),
        ("load", or_unknown(facts.load_1min.map(|load| format!("{load:.2} over the last minute")))),
        ("others", or_unknown(facts.others_busy_cores.map(|busy| format!("{busy:.2} cores busy")))),
        (
            "stolen",
            or_unknown(
                facts.steal_share.map(|steal| format!("{:.1} % of the time", steal * 100.0)),
            ),
        ),
        ("governor", or_unknown(facts.governor.clone())),
        ("quota", facts.quota_cores.map_or("none".into(), |quota| format!("{quota:.2} cores"))),
        ("all cores at once", format!("{:.2} of a core's work each", probe.worth_of_a_core)),
        ("the same work", format!("up to {:.0} % longer now and then", probe.spread * 100.0)),
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
