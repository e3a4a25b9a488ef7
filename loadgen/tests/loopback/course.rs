//! Schedules over a real socket: in every tenth of a second as many lines as the rate comes to.

use std::f64::consts::TAU;
use std::thread;
use std::time::Duration;

use crate::harness::{send_and_read, small_data};
use loadgen::{Label, Load, StampedLine};

const SECONDS: f64 = 2.0;
const WINDOW_S: f64 = 0.1;
const WINDOWS: usize = 20;

/// When each line was due, in seconds since the first was.
fn due_s(schedule: &str) -> Vec<f64> {
    let load = Load {
        data: small_data(),
        label: Label::Stamp,
        schedule: schedule.parse().unwrap(),
        run_for: Some(Duration::from_secs_f64(SECONDS)),
        ..Load::default()
    };
    let (read, summary) = send_and_read(&load);
    assert!(summary.valid, "{summary:?}");
    let lines = read[0].split(|&byte| byte == b'\n');
    let (due_us, sent_us): (Vec<u64>, Vec<u64>) = lines
        .filter_map(|line| match StampedLine::read(line) {
            StampedLine::Record { stamp, .. } => Some((stamp.intended_us, stamp.sent_us)),
            _ => None,
        })
        .unzip();
    assert!(due_us.is_sorted() && due_us.len() as u64 == summary.records);
    assert_sent_when_due(schedule, &due_us, &sent_us);
    due_us.iter().map(|moment_us| (moment_us - due_us[0]) as f64 / 1e6).collect()
}

/// None too early, and hardly any much too late, however busy the machine is.
fn assert_sent_when_due(schedule: &str, due_us: &[u64], sent_us: &[u64]) {
    let late_us = due_us.iter().zip(sent_us).map(|(due, sent)| sent.checked_sub(*due).unwrap());
    let much_too_late = late_us.filter(|&late_us| late_us > 200_000).count();
    assert!(much_too_late * 20 < due_us.len(), "{schedule}: {much_too_late} lines");
}

/// Lines due in each window.
fn counts(due_s: &[f64]) -> [u64; WINDOWS] {
    let mut counts = [0; WINDOWS];
    for moment_s in due_s {
        counts[((moment_s / WINDOW_S) as usize).min(WINDOWS - 1)] += 1;
    }
    counts
}

/// Lines that a rate over time comes to in each window.
fn areas(rate: impl Fn(f64) -> f64) -> [f64; WINDOWS] {
    const STRIPS: usize = 1000;
    let strip_s = WINDOW_S / STRIPS as f64;
    std::array::from_fn(|window| {
        let start_s = window as f64 * WINDOW_S;
        (0..STRIPS).map(|nth| rate(start_s + (nth as f64 + 0.5) * strip_s) * strip_s).sum()
    })
}

/// `deviations` by how many standard deviations of a random count a count may be off beside. In the
/// last window what is due last may not be sent any more.
fn assert_follows(schedule: &str, deviations: f64, rate: impl Fn(f64) -> f64) {
    let (counts, areas) = (counts(&due_s(schedule)), areas(rate));
    println!("{schedule}: {counts:?}");
    for (window, (&count, area)) in counts.iter().zip(areas).enumerate().take(WINDOWS - 1) {
        // The first line is due a little after the start: a line is on the wrong side of an edge.
        let tolerance = 12.0 + deviations * area.sqrt();
        let off = (count as f64 - area).abs();
        assert!(off <= tolerance, "{schedule}, window {window}: {count} lines, not {area}");
    }
}

#[test]
fn every_schedule_keeps_to_its_course() {
    thread::scope(|scope| {
        scope.spawn(|| assert_follows("5k", 0.0, |_| 5e3));
        scope.spawn(|| assert_follows("ramp:1k..9k/2s", 0.0, |at_s| 1e3 + 4e3 * at_s));
        scope.spawn(|| {
            let steps = [2e3, 8e3, 4e3];
            assert_follows("steps:2k,8k,4k/500ms", 0.0, |at_s| {
                steps[((at_s * 2.0) as usize).min(2)]
            })
        });
        scope.spawn(|| {
            let sine = |at_s: f64| 5e3 + 4e3 * (TAU * at_s).sin();
            assert_follows("sine:1k..9k/1s", 0.0, sine)
        });
        scope.spawn(|| {
            let square = |at_s: f64| if at_s % 0.4 < 0.2 { 1e3 } else { 9e3 };
            assert_follows("square:1k..9k/400ms", 0.0, square)
        });
        scope.spawn(|| {
            let bursts = |at_s: f64| if at_s % 0.5 < 0.4 { 2e3 } else { 20e3 };
            assert_follows("bursts:2k..20k/100ms/500ms", 0.0, bursts)
        });
        scope.spawn(|| assert_follows("poisson:5k", 4.0, |_| 5e3));
        scope.spawn(|| assert_follows("poisson:ramp:1k..9k/2s", 4.0, |at_s| 1e3 + 4e3 * at_s));
    });
}
