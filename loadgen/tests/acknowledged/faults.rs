//! Connections that are ended on request, and bytes that come in pieces.

use crate::engine::{Engine, Trouble};
use crate::harness::{acknowledged, load, run};
use loadgen::{Checker, End, Faults, Label, Load, Summary};

/// Stamped lines that are whole in the end, with these faults.
fn summary_with(faults: Faults) -> Summary {
    let trouble = Trouble { syncs_one_in: 4, ..Trouble::NONE };
    let engine = Engine::start(trouble);
    let load = Load { faults, label: Label::Stamp, ..load(6_000) };
    let (summary, notes) = run(&engine.target(), &load);
    let got = engine.finish();
    let mut checker = Checker::default();
    summary.sent.iter().for_each(|mark| checker.expect(*mark));
    for line in got.lines.values().flatten() {
        checker.see(line);
    }
    let verdict = checker.verdict();
    assert!(verdict.is_proven() && verdict.out_of_order == 0, "{:?}", verdict.sentences());
    assert_eq!((verdict.records, verdict.sources), (6_000, 3));
    let told = acknowledged(&summary);
    assert_eq!((told.records, told.not_acknowledged, told.breaks), (6_000, 0, 0), "{notes:?}");
    summary
}

#[test]
fn connections_that_end_after_some_lines_are_acknowledged_first() {
    for end in [End::Close, End::HalfClose] {
        let faults = Faults { lines_per_connection: Some(500), end, ..Faults::default() };
        let summary = summary_with(faults);
        let told = acknowledged(&summary);
        // Of each four the last comes to the end of all lines, or one more has nothing but the mark.
        assert!((12..=15).contains(&summary.connections), "{} connections", summary.connections);
        assert_eq!(told.sent_again, 0);
    }
}

#[test]
fn what_a_reset_costs_is_sent_again() {
    let end = End::Reset;
    let faults = Faults { lines_per_connection: Some(500), end, ..Faults::default() };
    let summary = summary_with(faults);
    assert!(summary.connections > 12, "{} connections", summary.connections);
    assert!(acknowledged(&summary).sent_again > 0);
}

#[test]
fn chopped_lines_are_acknowledged_like_others() {
    let faults = Faults { chop_bytes: Some(50), ..Faults::default() };
    assert_eq!(summary_with(faults).connections, 3);
}
