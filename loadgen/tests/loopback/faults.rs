//! Pieces and silences on request.

use std::io::Read;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{DEADLINE, free_listener, send_and_read, small_data, small_load};
use loadgen::{Checker, Faults, Label, Load, Stall, Stop, Summary, send};

/// What came at once, and when.
type Piece = (Instant, Vec<u8>);

fn read_pieces(mut stream: TcpStream) -> Vec<Piece> {
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let (mut pieces, mut buffer) = (Vec::new(), vec![0; 64 << 10]);
    loop {
        match stream.read(&mut buffer).unwrap() {
            0 => return pieces,
            read => pieces.push((Instant::now(), buffer[..read].to_vec())),
        }
    }
}

fn send_in_pieces(load: &Load) -> (Vec<Vec<Piece>>, Summary) {
    let (listener, address) = free_listener();
    let connections = load.connections;
    let readers: Vec<_> = (0..connections)
        .map(|_| listener.try_clone().unwrap())
        .map(|listener| thread::spawn(move || read_pieces(listener.accept().unwrap().0)))
        .collect();
    let summary = send(&[address.to_string()], load, &Stop::new(), |_| {}).unwrap();
    (readers.into_iter().map(|reader| reader.join().unwrap()).collect(), summary)
}

#[test]
fn chopped_lines_arrive_whole() {
    let faults = Faults { chop_bytes: Some(3), ..Faults::default() };
    let load = Load { faults, label: Label::Stamp, connections: 2, ..small_load(1_000) };
    let (read, summary) = send_and_read(&load);
    let mut checker = Checker::default();
    summary.sent.iter().for_each(|mark| checker.expect(*mark));
    for line in read.iter().flat_map(|bytes| std::str::from_utf8(bytes).unwrap().lines()) {
        checker.see(line.as_bytes());
    }
    let verdict = checker.verdict();
    assert!(verdict.is_proven() && verdict.records == 1_000, "{verdict:?}");
    assert_eq!((verdict.out_of_order, summary.connections_lost), (0, 0));
}

/// A byte at a time, and the rest of the line at the end of the run.
#[test]
fn a_slow_connection_sends_a_byte_at_a_time_at_its_rate() {
    let faults = Faults { bytes_per_s: Some(20), ..Faults::default() };
    let run_for = Duration::from_millis(1500);
    let load =
        Load { faults, connections: 5, records: None, run_for: Some(run_for), ..small_load(1) };
    let (read, summary) = send_in_pieces(&load);
    for pieces in &read {
        let (last, slow) = pieces.split_last().unwrap();
        assert!(slow.len() <= 31 && slow.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() <= 31);
        let after_the_first = slow.windows(2).skip(1);
        let paces = after_the_first.map(|two| two[1].0.duration_since(two[0].0));
        assert!(paces.sum::<Duration>() <= run_for);
        assert!(last.1.ends_with(b"\n"), "the line in progress is sent to its end");
    }
    assert_eq!((summary.connections_lost, summary.records), (0, 5));
}

/// At so slow a rate a reader that keeps up sees the pieces as they were written.
#[test]
fn chopped_lines_come_in_small_pieces() {
    let faults = Faults { chop_bytes: Some(10), ..Faults::default() };
    let load = Load { faults, schedule: "100".parse().unwrap(), ..small_load(30) };
    let (read, _) = send_in_pieces(&load);
    let pieces = read[0].len();
    assert!(pieces > 90, "{pieces} pieces of 30 lines");
}

const STALL: Stall =
    Stall { length: Duration::from_millis(300), every: Duration::from_millis(1000) };

/// Eight connections for two and a half seconds, each with a line every four milliseconds.
fn stalling() -> Load {
    Load {
        data: small_data(),
        schedule: "2k".parse().unwrap(),
        connections: 8,
        run_for: Some(Duration::from_millis(2_500)),
        faults: Faults { stall: Some(STALL), ..Faults::default() },
        ..Load::default()
    }
}

/// The pieces before and after each silence.
fn silences(pieces: &[Piece]) -> Vec<(&Piece, &Piece)> {
    let pairs = pieces.iter().zip(&pieces[1..]);
    pairs.filter(|((before, _), (after, _))| *after - *before >= STALL.length * 9 / 10).collect()
}

#[test]
fn a_stall_is_a_silence_in_the_middle_of_a_line_that_all_lag_shows() {
    let (read, summary) = send_in_pieces(&stalling());
    let silences: Vec<_> = read.iter().flat_map(|pieces| silences(pieces)).collect();
    // One in every second, from another moment on for each connection: two or three.
    assert!((8..=24).contains(&silences.len()), "{} silences", silences.len());
    let length = |((before, _), (after, _)): &(&Piece, &Piece)| *after - *before;
    let mut lengths: Vec<Duration> = silences.iter().map(length).collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    println!("{} silences, {median:?} in the median: {lengths:?}", lengths.len());
    assert!(median < STALL.length * 2, "{lengths:?}");
    let broken_off = silences.iter().filter(|((_, last), _)| !last.ends_with(b"\n")).count();
    assert!(broken_off * 2 > silences.len(), "{broken_off} of {} lines", silences.len());

    // The reader had room all the time: both kinds of lateness are the generator's own doing.
    let (lag, raw) = (summary.lag_ms.unwrap(), summary.raw_lag_ms.unwrap());
    println!("lag {lag:?}, raw {raw:?}");
    assert!(lag.max > 290.0 && raw.max > 290.0, "{lag:?} {raw:?}");
    assert!(lag.p50 < 100.0, "{lag:?}");
    // And yet it did as it was told.
    assert!(summary.valid, "{:?}", summary.reason);
}

fn assert_ends_in_time(stall: Stall) {
    let load = Load {
        label: Label::Stamp,
        schedule: "50".parse().unwrap(),
        connections: 50,
        run_for: Some(Duration::from_secs(1)),
        faults: Faults { stall: Some(stall), ..Faults::default() },
        ..stalling()
    };
    let (started, (read, summary)) = (Instant::now(), send_in_pieces(&load));
    assert!(started.elapsed() < Duration::from_millis(2_500), "{:?}", started.elapsed());
    assert_eq!(summary.connections_stalled, 0, "the readers have read all the time");
    let last = |pieces: &Vec<Piece>| pieces.last().is_some_and(|(_, at)| at.ends_with(b"\n"));
    assert!(read.iter().all(last), "every connection ends with its mark");
}

/// Neither one that has begun nor one that is to begin with the last words.
#[test]
fn a_silence_does_not_outlast_the_run() {
    thread::scope(|scope| {
        for stall in ["20s/21s", "100ms/200ms"] {
            scope.spawn(|| assert_ends_in_time(stall.parse().unwrap()));
        }
    });
}
