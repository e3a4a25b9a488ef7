//! The seed, the data and a connection's number decide its bytes, and nothing else does: neither
//! when they are sent nor in which pieces.

use crate::harness::{lines_in, send_and_read, small_load};
use loadgen::{Data, Faults, Label, Load, Preset, StampedLine};

const LABELS: [Label; 3] = [Label::None, Label::Numbers, Label::Stamp];

/// For each connection.
const LINES: u64 = 300;

/// A load for each label that goes with the preset, over so many connections.
fn loads(preset: Preset, connections: usize) -> Vec<Load> {
    let labels = if preset.is_lines() { &LABELS[..] } else { &LABELS[..1] };
    let load = |&label| {
        let small = small_load(LINES * connections as u64);
        Load { data: Data { preset, ..small.data }, label, connections, ..small }
    };
    labels.iter().map(load).collect()
}

/// What each connection gets, moments left out.
fn sent(load: &Load) -> Vec<Vec<u8>> {
    let (read, summary) = send_and_read(load);
    assert_eq!(Some(summary.records), load.records);
    match load.data.preset {
        Preset::Binary => read,
        _ => read.iter().map(|bytes| without_moments(bytes)).collect(),
    }
}

fn without_moments(bytes: &[u8]) -> Vec<u8> {
    let lines = bytes.split_inclusive(|&byte| byte == b'\n');
    lines.flat_map(|line| without_event_time(&without_stamps_moments(line))).collect()
}

fn without_stamps_moments(line: &[u8]) -> Vec<u8> {
    match StampedLine::read(line.strip_suffix(b"\n").unwrap()) {
        StampedLine::Record { stamp, body, .. } => {
            [format!("@{} {} ", stamp.source, stamp.sequence).as_bytes(), body, b"\n"].concat()
        }
        StampedLine::End(mark) => format!("@{} end {}\n", mark.source, mark.records).into(),
        StampedLine::Torn => panic!("torn: {line:?}"),
        StampedLine::Foreign => line.to_vec(),
    }
}

fn without_event_time(line: &[u8]) -> Vec<u8> {
    let name = b"\"event_time\":\"";
    let Some(at) = memchr::memmem::find(line, name) else { return line.to_vec() };
    let (before, after) = line.split_at(at + name.len());
    let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
    [before, &after[digits..]].concat()
}

fn assert_the_seed_decides(preset: Preset) {
    for load in [1, 3, 7].into_iter().flat_map(|connections| loads(preset, connections)) {
        let first = sent(&load);
        assert!(first == sent(&load), "{preset:?} {:?}", load.label);
        let other = sent(&Load { data: Data { seed: 2, ..load.data.clone() }, ..load.clone() });
        assert!(first.iter().zip(&other).all(|(first, other)| first != other));
        assert!(first.windows(2).all(|two| two[0] != two[1]), "connections are not alike");
    }
}

fn assert_nothing_else_decides(preset: Preset) {
    for load in loads(preset, 3) {
        let at_once = sent(&load);
        let when_due = sent(&Load { schedule: "poisson:20k".parse().unwrap(), ..load.clone() });
        assert!(at_once == when_due, "{preset:?} {:?} at random moments", load.label);

        let faults = Faults { chop_bytes: Some(13), ..Faults::default() };
        let chopped = sent(&Load { faults, records: Some(3 * LINES / 5), ..load.clone() });
        for (whole, chopped) in at_once.iter().zip(&chopped) {
            // The end mark, if there is one, says how many they were.
            let lines = if load.label == Label::Stamp { LINES / 5 } else { u64::MAX };
            let begun = first_lines(chopped, lines);
            assert!(whole.starts_with(begun), "{preset:?} {:?} in pieces", load.label);
            assert!(!preset.is_lines() || lines_in(begun) as u64 == LINES / 5);
        }
    }
}

fn first_lines(bytes: &[u8], lines: u64) -> &[u8] {
    let ends = memchr::memchr_iter(b'\n', bytes).map(|at| at + 1);
    let end = lines.checked_sub(1).and_then(|last| ends.clone().nth(last.try_into().ok()?));
    &bytes[..end.unwrap_or(bytes.len())]
}

#[test]
fn the_seed_decides_words() {
    assert_the_seed_decides(Preset::Words);
}

#[test]
fn the_seed_decides_logs() {
    assert_the_seed_decides(Preset::Log);
}

#[test]
fn the_seed_decides_pairs() {
    assert_the_seed_decides(Preset::KeyValue);
}

#[test]
fn the_seed_decides_events() {
    assert_the_seed_decides(Preset::Ysb);
}

#[test]
fn the_seed_decides_binary_records() {
    assert_the_seed_decides(Preset::Binary);
}

#[test]
fn neither_schedule_nor_pieces_decide() {
    for preset in [Preset::Words, Preset::Log, Preset::KeyValue, Preset::Ysb, Preset::Binary] {
        assert_nothing_else_decides(preset);
    }
}
