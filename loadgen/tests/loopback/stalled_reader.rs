//! A reader that stalls for a second in the middle of a run, as the generator and the reader see it.

use std::io::Read;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::harness::{DEADLINE, listener_with_buffer, small_data};
use loadgen::{Label, Latency, Load, Percentiles, StampedLine, Stop, Summary, send};

/// So little of what the reader has not taken is kept, on either side.
const BUFFER_BYTES: usize = 16 << 10;

const RATE: &str = "50k";

/// Reads to the end, and not at all in the second second. Gives the latencies of stamped lines: from
/// when they were due, and from when they were sent.
fn read_with_a_stall(mut stream: TcpStream) -> Latency {
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut stalls_at = Some(Instant::now() + Duration::from_secs(1));
    let (mut latency, mut unfinished) = (Latency::new(), Vec::new());
    let mut buffer = vec![0; 64 << 10];
    loop {
        if stalls_at.take_if(|stalls_at| Instant::now() >= *stalls_at).is_some() {
            thread::sleep(Duration::from_secs(1));
        }
        match stream.read(&mut buffer).unwrap() {
            0 => return latency,
            read => unfinished.extend_from_slice(&buffer[..read]),
        }
        let now_us = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as u64;
        let whole = memchr::memrchr(b'\n', &unfinished).map_or(0, |last| last + 1);
        for line in unfinished[..whole].split(|&byte| byte == b'\n') {
            if let StampedLine::Record { stamp, .. } = StampedLine::read(line) {
                let since = |moment_us| now_us.saturating_sub(moment_us);
                latency.record_us(since(stamp.intended_us), since(stamp.sent_us), 1);
            }
        }
        unfinished.drain(..whole);
    }
}

/// A run of three seconds, and what its reader found in the stamps.
fn run(label: Label) -> (Summary, Latency) {
    let (listener, address) = listener_with_buffer(BUFFER_BYTES);
    let reader = thread::spawn(move || read_with_a_stall(listener.accept().unwrap().0));
    let load = Load {
        data: small_data(),
        label,
        schedule: RATE.parse().unwrap(),
        run_for: Some(Duration::from_secs(3)),
        send_buffer_bytes: Some(BUFFER_BYTES),
        ..Load::default()
    };
    let summary = send(&[address.to_string()], &load, &Stop::new(), |_| {}).unwrap();
    (summary, reader.join().unwrap())
}

fn assert_shows_the_stall(lag: Percentiles, whose: &str) {
    println!("{whose}: {lag:?}");
    assert!((800.0..1500.0).contains(&lag.max), "{whose}: {lag:?}");
    assert!(lag.p99 > 300.0, "{whose}: {lag:?}");
}

fn assert_generator_tells(summary: &Summary) {
    assert_shows_the_stall(summary.lag_ms.unwrap(), "corrected lag");
    let raw = summary.raw_lag_ms.unwrap();
    println!("raw lag: {raw:?}");
    assert!(raw.p99_9 < 100.0, "it is not the generator's fault: {raw:?}");
    assert!(summary.valid && summary.records >= 148_000, "{summary:?}");
}

/// From when they were sent, but for the few that lay in the small buffers, all lines were quick:
/// who measures so does not see the stall.
fn assert_reader_tells(seen: &Latency) {
    assert_shows_the_stall(seen.corrected(), "reader, from when lines were due");
    println!("reader, from when lines were sent: {:?}", seen.raw());
    assert!(seen.raw().p99 < 100.0, "{:?}", seen.raw());
}

#[test]
fn the_stall_shows_from_when_lines_were_due_and_not_from_when_they_were_sent() {
    thread::scope(|scope| {
        scope.spawn(|| assert_generator_tells(&run(Label::None).0));
        scope.spawn(|| {
            let (summary, seen) = run(Label::Stamp);
            assert_generator_tells(&summary);
            assert_eq!(seen.records(), summary.records);
            assert_reader_tells(&seen);
        });
    });
}
