//! Whatever breaks, every line arrives once, in order, and as it was first.

use crate::engine::{Engine, Got, Trouble};
use crate::harness::{NAME, acknowledged, load, run};
use loadgen::{Checker, Data, Distribution, Label, Load, Preset, Replay, StampedLine, Text};

/// Enough goes wrong that every line is sent twice, about.
fn trouble(seed: u64) -> Trouble {
    Trouble { seed, most: 20, breaks_one_in: 12, dies_one_in: 20, syncs_one_in: 4, ..Trouble::NONE }
}

/// What an engine in trouble has got in the end, with the sender's figures held against it.
fn got(load: &Load, seed: u64) -> (Got, loadgen::Summary) {
    let engine = Engine::start(trouble(seed));
    let (summary, notes) = run(&engine.target(), load);
    let got = engine.finish();
    let told = acknowledged(&summary);
    let all = load.records.unwrap();
    assert_eq!((summary.records, told.records, told.not_acknowledged), (all, all, 0), "{notes:?}");
    assert_eq!((told.had_before, summary.given_up), (0, false));
    // An engine that dies at the end of a schedule keeps it from being held.
    assert!(summary.valid || load.is_timed(), "{:?}", summary.reason);
    assert!(got.deaths > 0 && got.breaks > 0 && told.breaks >= got.deaths + got.breaks);
    assert!(
        told.sent_again > 0 && notes.iter().any(|note| note.contains("has ended")),
        "{notes:?}"
    );
    (got, summary)
}

/// The lines of a sender, which are all there, as text.
fn of_sender(got: &Got, nth: u64) -> Vec<&str> {
    let lines = &got.lines[&format!("{NAME}-{nth}")];
    lines.iter().map(|line| std::str::from_utf8(line).unwrap()).collect()
}

#[test]
fn lines_of_a_text_arrive_once_and_in_order() {
    for seed in 0..3 {
        let load = load(30_001);
        let (got, _) = got(&load, seed);
        let text = Text::render(&load.data).unwrap();
        for nth in 0..3 {
            let first = text.first_line(nth);
            let lines = of_sender(&got, nth);
            assert_eq!(lines.len(), if nth < 1 { 10_001 } else { 10_000 });
            for (number, line) in lines.iter().enumerate() {
                let expected = text.line((first + number) % text.lines());
                assert_eq!(format!("{line}\n").as_bytes(), expected, "{nth}: {number}");
            }
        }
    }
}

#[test]
fn stamped_lines_are_whole_and_in_order_with_their_end_marks() {
    for (seed, schedule) in [(1, "max"), (2, "max"), (3, "20k"), (4, "poisson:30k")] {
        let schedule = schedule.parse().unwrap();
        let load = Load { label: Label::Stamp, schedule, ..load(15_000) };
        let (got, summary) = got(&load, seed);
        let mut checker = Checker::default();
        summary.sent.iter().for_each(|mark| checker.expect(*mark));
        checker.no_other_sources();
        for nth in 0..3 {
            let lines = &got.lines[&format!("{NAME}-{nth}")];
            for line in lines {
                checker.see(line);
            }
            let last = StampedLine::read(lines.last().unwrap());
            let told = summary.sent.iter().find(|mark| mark.source == nth).unwrap();
            assert_eq!(last, StampedLine::End(*told));
            assert!(told.digest.is_some() && told.records == 5_000);
        }
        let verdict = checker.verdict();
        assert!(verdict.is_proven() && verdict.records == 15_000, "{:?}", verdict.sentences());
        assert_eq!(verdict.out_of_order, 0);
    }
}

/// Those that are written when they are due, with moments in them and without.
#[test]
fn lines_that_are_made_when_they_are_due_are_the_same_each_time() {
    for (preset, label, distribution, schedule) in [
        (Preset::Ysb, Label::None, Distribution::Uniform, "max"),
        (Preset::Ysb, Label::Stamp, Distribution::Uniform, "20k"),
        (Preset::Log, Label::None, Distribution::default(), "max"),
        (Preset::KeyValue, Label::Numbers, Distribution::Churn { every: 10 }, "max"),
    ] {
        let load = load(12_000);
        let data = Data { preset, distribution, ..load.data };
        let load = Load { data, label, schedule: schedule.parse().unwrap(), ..load };
        let (got, _) = got(&load, 7);
        let marks = usize::from(label == Label::Stamp);
        for nth in 0..3 {
            let lines = of_sender(&got, nth);
            assert_eq!(lines.len(), 4_000 + marks, "{preset:?}");
            if label == Label::Numbers {
                let numbers = lines.iter().enumerate();
                assert!(
                    numbers.into_iter().all(|(n, line)| line.starts_with(&format!("{nth} {n} ")))
                );
            }
        }
    }
}

#[test]
fn lines_of_a_file_arrive_once_and_in_order() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let lines: Vec<String> = (0..30_000).map(|n| format!("line {n} of the file")).collect();
    std::fs::write(file.path(), lines.join("\n") + "\n").unwrap();
    let replay = Some(Replay::of(file.path()));
    let (got, _) = got(&Load { replay, ..load(30_000) }, 5);
    for nth in 0..3 {
        let own = lines.iter().skip(nth).step_by(3);
        assert!(of_sender(&got, nth as u64).into_iter().eq(own), "sender {nth}");
    }
}
