//! What the other side must not say, and how that ends a run.

use crate::harness::{Peer, acknowledged, load, run, single, with_peer};
use loadgen::{Label, Load};

/// A run that ends with a sentence, which has this in it; gives its notes.
#[track_caller]
fn assert_fails(target: &str, load: &Load, part: &str) -> Vec<String> {
    let (summary, notes) = run(target, load);
    assert!(summary.given_up && !summary.valid, "{summary:?}");
    let reason = summary.reason.unwrap();
    assert!(reason.contains(part), "{reason}");
    notes
}

#[test]
fn a_refused_sender_says_why_and_dials_no_more() {
    let (target, peer) = with_peer(|listener| {
        let mut peer = Peer::accept(listener);
        peer.say("REFUSE 65536 senders are known here");
        assert_eq!(peer.read_to_the_end(), 0);
        peer.name
    });
    let part = format!("tested-0 at {target}: it is refused: 65536 senders are known here");
    assert_fails(&target, &single(10), &part);
    assert_eq!(peer.join().unwrap(), "tested-0");
}

/// Those that are left have their lines acknowledged before the run ends.
#[test]
fn one_that_is_refused_ends_the_run_of_all() {
    let (target, peers) = with_peer(|listener| {
        let mut peers: Vec<Peer> = (0..3).map(|_| Peer::resume(listener, 0)).collect();
        let lines = peers.iter_mut().map(|peer| peer.read(100).len()).sum::<usize>();
        assert_eq!(lines, 300);
        let mut last = peers.pop().unwrap();
        last.say("REFUSE a newer connection has greeted with this name");
        for mut peer in peers {
            let all = 100 + peer.read_to_the_end();
            peer.say(&format!("ACK {all}"));
            assert_eq!(peer.read_to_the_end(), 0);
        }
        last.read_to_the_end()
    });
    let (summary, _) =
        run(&target, &Load { records: None, schedule: "10k".parse().unwrap(), ..load(1) });
    peers.join().unwrap();
    assert!(summary.given_up && summary.reason.unwrap().contains("a newer connection"));
    let told = summary.acknowledged.unwrap();
    assert!(told.records >= 200 && told.not_acknowledged >= 100, "{told:?}");
}

#[test]
fn an_engine_that_has_lost_what_it_acknowledged_is_told() {
    let (target, peer) = with_peer(|listener| {
        let mut peer = Peer::resume(listener, 0);
        peer.read(10);
        peer.say("ACK 10");
        drop(peer);
        Peer::resume(listener, 4).read_to_the_end()
    });
    let part = "goes on with line 4, and had acknowledged all before 10: it has lost lines";
    let notes = assert_fails(&target, &single(1_000_000), part);
    assert_eq!(peer.join().unwrap(), 0, "nothing is sent there");
    let open = notes.last().unwrap();
    let last = open.strip_prefix("tested-0: its lines 10 to ").unwrap();
    let last: u64 = last.split(' ').next().unwrap().parse().unwrap();
    assert!(last < 900_000, "those that were never sent are not meant: {open}");
}

#[test]
fn somebody_else_under_the_same_name_is_told() {
    let (target, peer) = with_peer(|listener| {
        let mut peer = Peer::resume(listener, 0);
        peer.read(10);
        drop(peer);
        Peer::resume(listener, 11_000_000).read_to_the_end()
    });
    let part = "goes on with line 11000000, and only those before ";
    assert_fails(&target, &Load { records: None, ..single(1) }, part);
    peer.join().unwrap();
}

#[test]
fn another_run_under_the_same_name_is_told() {
    // A stamped run has its end mark behind its lines, and no more.
    for (label, all) in [(Label::None, 10), (Label::Stamp, 11)] {
        let (target, peer) = with_peer(move |listener| {
            Peer::resume(listener, all + 1).read_to_the_end();
        });
        let part = format!("has {} lines of this sender, and this run has {all}", all + 1);
        assert_fails(&target, &Load { label, ..single(10) }, &part);
        peer.join().unwrap();
    }
}

#[test]
fn what_is_not_the_protocol_is_told() {
    for (says, part) in [
        (
            &["HTTP/1.1 400 Bad Request"][..],
            "it does not speak the protocol: it says \"HTTP/1.1 400",
        ),
        (&["ACK 0"], "Acknowledged(0) comes out of turn"),
        (&["RESUME 0", "RESUME 0"], "Resume(0) comes out of turn"),
        (
            &["RESUME 0", "ACK 11"],
            "acknowledges all lines before 11, after all before 0, and those",
        ),
        (&["RESUME -1"], "it does not speak the protocol: it says \"RESUME -1\""),
    ] {
        let (target, peer) = with_peer(move |listener| {
            let mut peer = Peer::accept(listener);
            says.iter().for_each(|words| peer.say(words));
            peer.read_to_the_end()
        });
        let (summary, _) = run(&target, &single(10));
        let reason = summary.reason.clone().unwrap();
        assert!(summary.given_up && reason.contains(part), "{says:?}: {reason}");
        assert!(peer.join().unwrap() <= 10);
        assert_eq!(acknowledged(&summary).records, 0);
    }
}
