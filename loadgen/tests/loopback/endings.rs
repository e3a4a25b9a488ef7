//! How connections end: delivered, waited for, or reset.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::harness::{
    DEADLINE, Readers, free_listener, lines_in, listener_with_buffer, read_all, small_load,
};
use loadgen::{End, Faults, Load, Stop, Summary, Token, send};

fn ending(end: End, records: u64) -> Load {
    Load { faults: Faults { end, ..Faults::default() }, ..small_load(records) }
}

/// Sends to a reader that does as it likes with its connection.
fn send_to<T: Send + 'static>(
    load: &Load,
    reader: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (Summary, Duration, JoinHandle<T>) {
    let (listener, address) = free_listener();
    let reader = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        reader(stream)
    });
    let started = Instant::now();
    let summary = send(&[address.to_string()], load, &Stop::new(), |_| {}).unwrap();
    (summary, started.elapsed(), reader)
}

#[test]
fn a_half_closed_connection_waits_for_the_readers_answer() {
    let has_closed = Arc::new(AtomicBool::new(false));
    let closes = has_closed.clone();
    let (summary, took, reader) = send_to(&ending(End::HalfClose, 1_000), move |mut stream| {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        // A reader that takes its time: the generator would have gone long ago.
        thread::sleep(Duration::from_millis(300));
        stream.write_all(b"1000 lines received\n").unwrap();
        closes.store(true, Ordering::SeqCst);
        drop(stream);
        lines_in(&bytes)
    });
    assert!(has_closed.load(Ordering::SeqCst), "it was not waited for");
    assert!(took < Duration::from_millis(1_900), "its end was not noticed: {took:?}");
    assert_eq!(reader.join().unwrap(), 1_000);
    assert_eq!((summary.connections_lost, summary.connections_stalled), (0, 0));
}

#[test]
fn a_reader_that_has_closed_its_side_already_is_not_waited_for() {
    let (summary, took, reader) = send_to(&ending(End::HalfClose, 10_000), |stream| {
        stream.shutdown(Shutdown::Write).unwrap();
        lines_in(&read_all(stream))
    });
    assert_eq!(reader.join().unwrap(), 10_000);
    assert_eq!(summary.connections_lost, 0);
    assert!(took < Duration::from_millis(1_900), "{took:?}");
}

#[test]
fn a_reader_that_never_closes_is_not_waited_for_without_end() {
    let (done, is_done) = channel();
    let (summary, took, reader) = send_to(&ending(End::HalfClose, 1_000), move |mut stream| {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        is_done.recv_timeout(DEADLINE).unwrap();
        lines_in(&bytes)
    });
    done.send(()).unwrap();
    assert_eq!(reader.join().unwrap(), 1_000);
    assert!((Duration::from_secs(1)..DEADLINE / 2).contains(&took), "{took:?}");
    assert!(summary.valid && summary.records == 1_000);
}

#[test]
fn a_reset_costs_the_reader_what_it_has_not_read() {
    let (listener, address) = listener_with_buffer(4 << 10);
    let (done, is_done) = channel();
    let reader = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        is_done.recv_timeout(DEADLINE).unwrap();
        let mut bytes = Vec::new();
        let ended = stream.read_to_end(&mut bytes);
        (bytes.len() as u64, ended.map_err(|error| error.kind()))
    });
    let load = ending(End::Reset, 1_000);
    let summary = send(&[address.to_string()], &load, &Stop::new(), |_| {}).unwrap();
    done.send(()).unwrap();
    let (read, ended) = reader.join().unwrap();
    assert_eq!(ended, Err(ErrorKind::ConnectionReset));
    assert!(read < summary.bytes, "{read} of {} bytes", summary.bytes);
    assert_eq!((summary.records, summary.connections_lost, summary.valid), (1_000, 0, true));
}

#[test]
fn after_a_reset_the_next_connection_goes_on() {
    let readers = Readers::start();
    let mut load = ending(End::Reset, 1_000);
    load.faults.lines_per_connection = Some(100);
    let summary = send(&[readers.target()], &load, &Stop::new(), |_| {}).unwrap();
    let read = readers.finish();
    assert_eq!((summary.records, read.len()), (1_000, 10));
    let is_reset = |ended: &std::io::Result<_>| matches!(ended, Err(error) if error.kind() == ErrorKind::ConnectionReset);
    assert!(read.iter().all(is_reset), "{read:?}");
}

/// A load behind a token, which is as long as its first line is with it.
fn behind_a_token(records: u64) -> (Load, usize) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "0123456789abcdef").unwrap();
    let token = Token::from_file(file.path()).unwrap();
    (Load { token: Some(token), ..small_load(records) }, "TOKEN 0123456789abcdef\n".len())
}

#[test]
fn who_closes_for_a_token_when_all_is_written_and_nothing_read_has_hung_up() {
    let (load, token_bytes) = behind_a_token(10);
    let (summary, took, reader) = send_to(&load, move |mut stream| {
        stream.read_exact(&mut vec![0; token_bytes]).unwrap();
        // Lines have come, and are left unread.
        stream.peek(&mut [0]).unwrap()
    });
    assert_eq!(reader.join().unwrap(), 1);
    assert_eq!(summary.connections_lost, 1);
    assert!(took < Duration::from_millis(1_900), "{took:?}");
}

#[test]
fn who_takes_all_behind_a_token_and_closes_has_not() {
    let (load, token_bytes) = behind_a_token(1_000);
    let (summary, took, reader) = send_to(&load, move |stream| {
        let bytes = read_all(stream);
        lines_in(&bytes[token_bytes..])
    });
    assert_eq!(reader.join().unwrap(), 1_000);
    assert_eq!(summary.connections_lost, 0);
    assert!(took < Duration::from_millis(1_900), "{took:?}");
}
