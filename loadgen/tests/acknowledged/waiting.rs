//! Acknowledgements that are late, or never come, and a run that is stopped meanwhile.

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use crate::engine::{Engine, Trouble};
use crate::harness::{
    Peer, acknowledged, free_address, load, run, run_until, single, wait_until, with_peer,
};
use loadgen::{Event, Label, Load, Stop, send};

const SHORT: Duration = Duration::from_millis(200);

#[test]
fn the_last_acknowledgement_is_waited_for() {
    let (target, peer) = with_peer(|listener| {
        let mut peer = Peer::resume(listener, 0);
        assert_eq!(peer.read_to_the_end(), 100, "it closes its direction behind its last line");
        peer.say("ACK 99");
        peer.say("ACK 100");
        peer.read_to_the_end()
    });
    let (summary, notes) = run(&target, &single(100));
    peer.join().unwrap();
    assert_eq!((acknowledged(&summary).records, acknowledged(&summary).breaks), (100, 0));
    assert!(summary.valid && notes.is_empty(), "{notes:?}");
}

/// It is closed by the other side before the last acknowledgement: a break like any other.
#[test]
fn a_connection_that_ends_too_early_is_dialled_again() {
    let (target, peer) = with_peer(|listener| {
        let mut peer = Peer::resume(listener, 0);
        peer.read_to_the_end();
        peer.say("ACK 60");
        drop(peer);
        // What it had taken in was synced in the end.
        let mut peer = Peer::resume(listener, 100);
        peer.read_to_the_end()
    });
    let (summary, _) = run(&target, &single(100));
    assert_eq!(peer.join().unwrap(), 0, "nothing is left to send");
    let told = acknowledged(&summary);
    assert_eq!((told.records, told.breaks, told.sent_again), (100, 1, 0));
}

#[test]
fn a_run_that_is_stopped_says_what_is_not_acknowledged() {
    for (label, patience) in [(Label::None, 6 * SHORT), (Label::Stamp, SHORT)] {
        let stop = Stop::new();
        let pulled = stop.clone();
        let (target, peer) = with_peer(move |listener| {
            let mut peer = Peer::resume(listener, 0);
            peer.read(10);
            peer.say("ACK 7");
            pulled.stop();
            peer.read_to_the_end() + 10
        });
        let load = Load { label, patience, ..Load { records: None, ..single(1) } };
        let load = Load { schedule: "5k".parse().unwrap(), ..load };
        let (summary, notes) = run_until(&[target], &load, &stop);
        let sent = peer.join().unwrap() as u64;
        let marks = u64::from(label == Label::Stamp);
        let told = acknowledged(&summary);
        assert!(summary.interrupted && summary.records >= 10, "{summary:?}");
        assert_eq!((summary.records + marks, told.records), (sent, 7));
        assert_eq!(told.not_acknowledged, sent - 7);
        let last = format!("tested-0: its lines 7 to {} are not acknowledged", sent - 1);
        assert_eq!(notes.last(), Some(&last));
        // It is told what is waited for, if it takes long.
        let is_told = notes.iter().any(|note| note.starts_with("no more lines are begun; "));
        assert_eq!(is_told, patience > SHORT, "{notes:?}");
    }
}

/// In whatever state its senders are when it is stopped.
#[test]
fn a_run_that_is_stopped_sends_again_what_an_engine_has_lost() {
    for seed in 0..8 {
        let trouble = Trouble { seed, most: 12, breaks_one_in: 8, dies_one_in: 8, ..Trouble::NONE };
        let (engine, stop) = (Engine::start(trouble), Stop::new());
        let load = Load { records: None, label: Label::Stamp, ..load(1) };
        let load = Load { schedule: "50k".parse().unwrap(), ..load };
        let targets = [engine.target()];
        let (summary, notes) = thread::scope(|scope| {
            let running = scope.spawn(|| run_until(&targets, &load, &stop));
            wait_until("some lines", || engine.lines() as u64 > 200 * seed);
            stop.stop();
            running.join().unwrap()
        });
        let told = acknowledged(&summary);
        assert_eq!((told.not_acknowledged, told.records), (0, summary.records), "{notes:?}");
        let got = engine.finish();
        let lines: usize = got.lines.values().map(Vec::len).sum();
        assert_eq!(lines as u64, summary.records + 3, "with an end mark for each");
    }
}

#[test]
fn silence_is_not_waited_for_without_end() {
    let (target, peer) = with_peer(|listener| {
        // One that says nothing at all, one that acknowledges nothing, and one that is well.
        let silent = Peer::accept(listener);
        let mut idle = Peer::resume(listener, 0);
        idle.read(100);
        let mut well = Peer::resume(listener, 40);
        assert_eq!(well.read_to_the_end(), 60);
        well.say("ACK 100");
        well.read_to_the_end();
        drop((silent, idle));
    });
    let began = Instant::now();
    let (summary, notes) = run(&target, &Load { patience: SHORT, ..single(100) });
    peer.join().unwrap();
    assert!(began.elapsed() >= 2 * SHORT);
    let told = acknowledged(&summary);
    assert_eq!((told.records, told.breaks, told.sent_again), (100, 2, 60));
    assert!(notes[0].contains("has ended (nothing was said or taken for 200ms)"), "{notes:?}");
    assert!(notes.last().unwrap().contains("is connected again, and goes on with its line 40"));
}

#[test]
fn an_idle_sender_is_left_alone() {
    let (target, peer) = with_peer(|listener| {
        let mut peer = Peer::resume(listener, 0);
        for acknowledged in 1..=3 {
            peer.read(1);
            peer.say(&format!("ACK {acknowledged}"));
        }
        peer.read_to_the_end()
    });
    // Half a second between lines, and a fifth of patience.
    let load = Load { schedule: "2".parse().unwrap(), patience: SHORT, ..single(3) };
    let (summary, _) = run(&target, &load);
    assert_eq!((peer.join().unwrap(), acknowledged(&summary).breaks), (0, 0));
}

#[test]
fn an_other_side_that_is_not_there_yet_is_dialled_until_it_is() {
    let address = free_address();
    let (told, is_told) = std::sync::mpsc::channel();
    let engine = thread::spawn(move || {
        // It comes up once it was missed.
        let sentence: String = is_told.recv().unwrap();
        (Engine::start_on(TcpListener::bind(address).unwrap(), Trouble::NONE), sentence)
    });
    let mut notes = 0;
    let summary = send(&[address.to_string()], &load(1_000), &Stop::new(), |event| {
        if let Event::Note(sentence) = event {
            notes += 1;
            told.send(sentence.to_owned()).ok();
        }
    })
    .unwrap();
    let (engine, sentence) = engine.join().unwrap();
    assert!(sentence.contains(": nothing listens there; it is dialled until it answers"));
    assert_eq!(acknowledged(&summary).records, 1_000);
    assert_eq!(engine.finish().lines.len(), 3);
    assert!(notes <= 6, "each sender tells once that it cannot, and once that it can");
}

#[test]
fn a_run_whose_time_is_up_ends_without_an_answer() {
    let load = Load { run_for: Some(SHORT), ..load(1_000) };
    let (summary, _) = run(&free_address().to_string(), &load);
    assert!(summary.given_up && summary.records == 0);
    let reason = summary.reason.unwrap();
    assert!(reason.contains("answered all of 3 senders, and 0 were answered"), "{reason}");
}
