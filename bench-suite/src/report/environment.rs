//! What a series was measured on, with what, and when.

use super::chapter::Chapter;
use super::spot::Count;
use crate::doctor::Weight;
use crate::series::{How, SCHEMA_VERSION};

/// Names and what they are, in the order in which they are read.
pub(super) fn environment(chapter: &Chapter<'_>) -> Vec<(&'static str, String)> {
    let (asked, begun) = (&chapter.kept.asked, &chapter.kept.begun);
    let machine = &begun.machine;
    let unknown = |text: &str| if text.is_empty() { "not known".into() } else { text.to_string() };
    let How { run_for_ms, warm_up_ms, stamped } = asked.how;
    let mut rows = vec![
        ("command", format!("`{}`", asked.command.replace('`', "'"))),
        ("begun at", unknown(&begun.at)),
        (
            "machine",
            format!(
                "{}, {}, {} MiB",
                machine.processor,
                Count(machine.cores, "core"),
                machine.memory_mib
            ),
        ),
        ("kernel", unknown(&machine.kernel)),
        ("version", format!("{}, commit {}", machine.version, unknown(&machine.commit))),
        (
            "runs",
            format!(
                "{} so far, {} of each point asked for; {} s each{}",
                chapter.kept.runs.len(),
                asked.turns,
                run_for_ms as f64 / 1e3,
                match chapter.is_from_memory() {
                    true => ", over batches in memory".into(),
                    false => format!(
                        " after {} s of warm-up and the time in which a window fills; lines {}",
                        warm_up_ms as f64 / 1e3,
                        if stamped { "stamped" } else { "not stamped" }
                    ),
                }
            ),
        ),
    ];
    for objective in &asked.objectives {
        rows.push(("objective", objective.to_string()));
    }
    for side in &asked.sides {
        let build = side
            .build
            .as_ref()
            .map_or("the program that compares".into(), |build| build.display().to_string());
        let slow = match side.slow {
            slow if slow > 0.0 => format!(", {} % more work for each line", slow * 100.0),
            _ => String::new(),
        };
        rows.push(("side", format!("{}: {build}, {}{slow}", side.name, side.point)));
    }
    rows.push(("form", format!("version {SCHEMA_VERSION} of the files of a series")));
    rows
}

/// What the checkup of the machine found: whether it is a warning, and the sentence.
pub(super) fn findings<'a>(chapter: &Chapter<'a>) -> impl Iterator<Item = (bool, &'a str)> {
    let findings = chapter.kept.begun.checkup.findings.iter();
    findings.map(|finding| (finding.weight == Weight::Warning, finding.sentence.as_str()))
}

/// Whether chapters were measured on machines that differ, in a sentence.
pub(super) fn unlike(chapters: &[Chapter<'_>]) -> Option<String> {
    let of = |chapter: &Chapter<'_>| {
        let machine = &chapter.kept.begun.machine;
        (machine.processor.clone(), machine.cores, machine.memory_mib)
    };
    let first = of(chapters.first()?);
    let other = chapters.iter().find(|chapter| of(chapter) != first)?;
    let told = |(processor, cores, memory_mib): (String, usize, u64)| {
        format!("{processor} ({}, {memory_mib} MiB)", Count(cores, "core"))
    };
    Some(format!(
        "These series were not measured on one machine: {} and {}, for instance. Figures of one cannot be \
         held against those of another.",
        told(first),
        told(of(other))
    ))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::made::{comparison, kept, sweep};

    #[test]
    fn the_environment_names_machine_command_and_sides() {
        let (asked, runs) = comparison(2, 1.0);
        let kept = kept(asked, runs);
        let rows = environment(&Chapter::new(Path::new("s"), &kept));
        let of = |name: &str| rows.iter().find(|row| row.0 == name).unwrap().1.as_str();
        assert_eq!(of("machine"), "a processor, 2 cores, 1024 MiB");
        assert_eq!(of("version"), "0.1.0, commit abc");
        assert!(
            of("runs").starts_with(
                "4 so far, 2 of each point asked for; 2 s each, over batches in memory"
            )
        );
        assert!(of("side").starts_with("A: the program that compares, workload word-count"));
    }

    #[test]
    fn machines_that_differ_are_told() {
        let one = kept(sweep(vec![]), vec![]);
        let mut other = kept(sweep(vec![]), vec![]);
        other.begun.machine.cores = 64;
        let chapter = |kept| Chapter::new(Path::new("s"), kept);
        assert_eq!(unlike(&[chapter(&one), chapter(&one)]), None);
        let said = unlike(&[chapter(&one), chapter(&other)]).unwrap();
        assert!(said.contains("(2 cores, 1024 MiB) and a processor (64 cores"), "{said}");
    }
}
