//! The file's own speed.

use std::time::Duration;

use loadgen::{Label, Load, Replay, StampedLine};

use crate::harness::Recorded;
use crate::readers::send_and_read;

/// A log of two seconds and three moments, most of it in the last of them.
fn short_log() -> Recorded {
    let line = |nth: u64| {
        let second = if nth < 100 { nth / 50 } else { 2 };
        format!("::1 - - [10/Oct/2000:13:55:{second:02} -0700] \"GET /{nth} HTTP/1.0\" 200 1\n")
    };
    Recorded::of((0..20_000).map(line).collect::<String>())
}

#[test]
fn a_log_of_two_seconds_takes_a_tenth_of_it() {
    let recorded = short_log();
    let replay = Replay { speed: Some(10.0), ..recorded.replay() };
    let load = Load { replay: Some(replay), connections: 2, ..Load::default() };
    let (read, summary) = send_and_read(&load);
    assert!(read == [recorded.share(0, 2), recorded.share(1, 2)]);
    assert!(summary.seconds >= 0.2, "{} s", summary.seconds);
    assert_eq!(summary.schedule, "speed 10");
    assert!(summary.valid, "a burst at the end is no lag: {:?}", summary.reason);
    assert!(summary.lag_ms.is_some());
}

#[test]
fn stamps_say_when_lines_were_due_by_their_own_times() {
    let times_s = [5_000, 5_000, 5_040, 4_000, 5_041, 5_300];
    let content: String = times_s.iter().map(|s| format!("k,{s},v\n")).collect();
    let recorded = Recorded::of(content);
    let replay = Replay { speed: Some(1000.0), time_column: Some(2), ..recorded.replay() };
    let load = Load { replay: Some(replay), label: Label::Stamp, ..Load::default() };
    let (read, _) = send_and_read(&load);
    let intended_us: Vec<_> = read[0]
        .split(|&byte| byte == b'\n')
        .filter_map(|line| match StampedLine::read(line) {
            StampedLine::Record { stamp, .. } => Some(stamp.intended_us),
            _ => None,
        })
        .collect();
    let since_ms: Vec<_> = intended_us.iter().map(|us| (us - intended_us[0]) / 1000).collect();
    assert_eq!(since_ms, [0, 0, 40, 40, 41, 300]);
}

#[test]
fn a_replay_of_stamped_lines_goes_by_when_they_were_due() {
    let line = |(nth, ms): (usize, &u64)| {
        format!("@0 {nth} {}000 1767225700000000 words #00000000\n", 1_767_225_600_000 + ms)
    };
    let lines = [0, 30, 60].iter().enumerate().map(line).collect::<String>();
    let recorded = Recorded::of(lines + "@0 end 3 0123456789abcdef #00000000\n");
    let replay = Replay { speed: Some(0.5), ..recorded.replay() };
    let (read, summary) = send_and_read(&Load { replay: Some(replay), ..Load::default() });
    assert!(read[0] == recorded.content);
    assert!(summary.seconds >= 0.12, "{} s", summary.seconds);
}

#[test]
fn the_end_of_the_time_cuts_a_replay_and_leaves_it_valid() {
    let recorded = short_log();
    let replay = Replay { speed: Some(10.0), ..recorded.replay() };
    let run_for = Some(Duration::from_millis(200));
    let (_, summary) = send_and_read(&Load { replay: Some(replay), run_for, ..Load::default() });
    assert!(summary.records >= 100, "{summary:?}");
    assert!(summary.valid, "{:?}", summary.reason);
}
