//! Runs that go on where others under the same name have got to.

use std::time::{Duration, Instant};

use crate::engine::{Engine, Trouble};
use crate::harness::{Peer, acknowledged, load, run, single, with_peer};
use loadgen::{Data, Label, Load, Preset, StampedLine};

#[test]
fn a_run_goes_on_where_the_one_before_has_got_to() {
    let engine = Engine::start(Trouble::NONE);
    let load = Load { label: Label::Numbers, schedule: "10k".parse().unwrap(), ..load(5_000) };
    let first = Load { records: Some(2_001), ..load.clone() };
    assert_eq!(run(&engine.target(), &first).0.records, 2_001);

    let began = Instant::now();
    let (summary, notes) = run(&engine.target(), &load);
    let took = began.elapsed();
    let told = acknowledged(&summary);
    assert_eq!((summary.records, told.records, told.had_before), (2_999, 2_999, 2_001));
    assert!(notes[0].contains("those before were acknowledged to an earlier run"), "{notes:?}");
    assert!(summary.valid, "{:?}", summary.reason);
    // The schedule goes on as well: 300 ms of its 500 are left.
    assert!(took >= Duration::from_millis(290), "{took:?}");
    assert!((0.29..0.5).contains(&summary.seconds), "{}", summary.seconds);

    // And nothing is left for a third one.
    let (summary, _) = run(&engine.target(), &load);
    let told = acknowledged(&summary);
    assert_eq!((summary.records, told.had_before, told.not_acknowledged), (0, 5_000, 0));
    let got = engine.finish();
    for nth in 0..3 {
        let lines = &got.lines[&format!("tested-{nth}")];
        assert_eq!(lines.len(), if nth < 2 { 1_667 } else { 1_666 });
        for (number, line) in lines.iter().enumerate() {
            assert!(line.starts_with(format!("{nth} {number} ").as_bytes()));
        }
    }
}

/// Senders that were not stopped at the same line have different things left to do.
#[test]
fn each_sender_goes_on_where_it_has_got_to_itself() {
    let (target, peers) = with_peer(|listener| {
        let mut peers: Vec<Peer> = (0..3).map(|_| Peer::accept(listener)).collect();
        peers.sort_by(|one, other| one.name.cmp(&other.name));
        let mut got = Vec::new();
        for (peer, next) in peers.iter_mut().zip([100, 90, 200]) {
            peer.say(&format!("RESUME {next}"));
        }
        for (mut peer, next) in peers.into_iter().zip([100, 90, 200]) {
            let lines = peer.read(200 - next);
            assert_eq!(peer.read_to_the_end(), 0);
            peer.say("ACK 200");
            got.push(lines);
        }
        got
    });
    let (summary, _) = run(&target, &Load { label: Label::Numbers, ..load(600) });
    let got = peers.join().unwrap();
    for (nth, (lines, next)) in got.iter().zip([100, 90, 200]).enumerate() {
        let numbers = (next..200).zip(lines);
        assert!(numbers.into_iter().all(|(n, line)| line.starts_with(&format!("{nth} {n} "))));
    }
    let told = acknowledged(&summary);
    assert_eq!((told.records, told.had_before), (210, 390));
}

/// It does not know what the records of the others came to, and says so.
#[test]
fn the_end_mark_of_a_run_that_goes_on_has_no_digest() {
    for next in [40, 100, 101] {
        let (target, peer) = with_peer(move |listener| {
            let mut peer = Peer::resume(listener, next);
            let lines = peer.read(101 - next as usize);
            if next < 101 {
                assert_eq!(peer.read_to_the_end(), 0);
                peer.say("ACK 101");
            }
            lines
        });
        let (summary, _) = run(&target, &Load { label: Label::Stamp, ..single(100) });
        let lines = peer.join().unwrap();
        let told = summary.sent[0];
        assert_eq!((told.records, told.digest), (100, None), "from {next} on");
        if let Some(last) = lines.last() {
            assert_eq!(StampedLine::read(last.as_bytes()), StampedLine::End(told));
        }
        assert_eq!(acknowledged(&summary).records, 100_u64.saturating_sub(next));
    }
}

#[test]
fn a_name_is_that_of_the_lines() {
    let load = load(1_000);
    let name = load.name_for_lines();
    assert!(name.to_string().starts_with("loadgen-1-"), "{name}");
    let same = [
        Load { records: Some(7), ..load.clone() },
        Load { schedule: "1k".parse().unwrap(), ..load.clone() },
        Load { data: Data { text_bytes: 5 << 20, ..load.data.clone() }, ..load.clone() },
    ];
    assert!(same.iter().all(|load| load.name_for_lines() == name));
    let others = [
        Load { connections: 2, ..load.clone() },
        Load { label: Label::Stamp, ..load.clone() },
        Load { data: Data { seed: 2, ..load.data.clone() }, ..load.clone() },
        Load { data: Data { preset: Preset::Log, ..load.data.clone() }, ..load.clone() },
        Load { data: Data { keys: 7, ..load.data.clone() }, ..load.clone() },
    ];
    assert!(others.iter().all(|load| load.name_for_lines() != name));
}
