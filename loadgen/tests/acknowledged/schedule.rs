//! An open loop goes on whatever the other side does: lines that wait for it are late.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::harness::{Peer, acknowledged, run, single, with_peer};
use loadgen::Load;

/// How long the other side is gone.
const OUTAGE: Duration = Duration::from_millis(300);

/// Takes lines until they have waited out the time in which it was not there; gives how many there
/// were by then.
fn away_for_a_while(listener: &TcpListener) -> usize {
    let mut peer = Peer::resume(listener, 0);
    peer.read(100);
    peer.say("ACK 100");
    drop(peer);
    let gone = Instant::now();
    let mut peer = Peer::accept(listener);
    // It is silent, which is as good as gone, and bounded by the sender's patience.
    while gone.elapsed() < OUTAGE {
        std::thread::park_timeout(OUTAGE.saturating_sub(gone.elapsed()));
    }
    peer.say("RESUME 100");
    let rest = peer.read_to_the_end();
    peer.say(&format!("ACK {}", 100 + rest));
    peer.read_to_the_end();
    rest
}

#[test]
fn an_outage_is_the_other_sides_lateness_and_not_the_generators() {
    let (target, peer) = with_peer(away_for_a_while);
    let load = Load { schedule: "1k".parse().unwrap(), ..single(1_000) };
    let (summary, notes) = run(&target, &load);
    assert_eq!(peer.join().unwrap(), 900);
    assert_eq!((summary.records, acknowledged(&summary).records), (1_000, 1_000));
    assert_eq!(acknowledged(&summary).breaks, 1, "{notes:?}");
    // The first line that waited did so all the time, and all of it counts in the corrected lag.
    let (lag, raw) = (summary.lag_ms.unwrap(), summary.raw_lag_ms.unwrap());
    assert!(lag.max > 250.0, "{lag:?}");
    assert!(raw.max < lag.max / 2.0, "{raw:?}");
    assert!(summary.valid && summary.seconds < 2.0, "{:?}", summary.reason);
}
