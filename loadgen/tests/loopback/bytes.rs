//! What a reader gets: whole lines, the right ones, as many as asked for.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{DEADLINE, dial, lines_in, read_all, send_and_read, small_data, small_load};
use loadgen::{Label, Load, Stop, Text, listen, serve};

#[test]
fn the_same_seed_gives_the_same_bytes_on_every_connection() {
    for connections in [1, 4] {
        let load = Load { connections, ..small_load(30_001) };
        let (first, summary) = send_and_read(&load);
        let (second, _) = send_and_read(&load);
        assert!(first == second, "{connections} connections");
        assert_eq!(summary.records, 30_001);

        let mut other_seed = load;
        other_seed.data.seed = 2;
        let (other, _) = send_and_read(&other_seed);
        assert!(first.iter().zip(&other).all(|(first, other)| first != other));
    }
}

#[test]
fn a_connection_gets_the_text_from_its_first_line_on() {
    let (read, _) = send_and_read(&Load { connections: 2, ..small_load(40_000) });
    let text = Text::render(&small_data()).unwrap();
    for (connection, bytes) in read.iter().enumerate() {
        let first = text.first_line(connection as u64);
        let lines = (0..text.lines()).cycle().skip(first).take(lines_in(bytes));
        let expected: Vec<u8> = lines.flat_map(|line| text.line(line)).copied().collect();
        assert!(*bytes == expected, "connection {connection}");
    }
}

#[test]
fn exactly_the_asked_records_are_sent_and_counted() {
    for (records, connections, label) in
        [(1, 1, Label::None), (7, 3, Label::Numbers), (100_003, 3, Label::None)]
    {
        let load = Load { connections, label, ..small_load(records) };
        let (read, summary) = send_and_read(&load);
        assert!(read.iter().all(|bytes| bytes.ends_with(b"\n")));
        let counts: Vec<_> = read.iter().map(|bytes| lines_in(bytes) as u64).collect();
        assert_eq!(counts.iter().sum::<u64>(), records);
        assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
        assert_eq!(summary.records, records);
        assert_eq!(summary.bytes, read.iter().map(Vec::len).sum::<usize>() as u64);
        assert!(summary.valid && summary.connections_lost == 0);
    }
}

#[test]
fn numbered_lines_count_up_on_each_connection() {
    let load = Load { connections: 3, label: Label::Numbers, ..small_load(30_000) };
    let (read, _) = send_and_read(&load);
    for (connection, bytes) in read.iter().enumerate() {
        let text = std::str::from_utf8(bytes).unwrap();
        for (sequence, line) in text.lines().enumerate() {
            assert!(line.starts_with(&format!("{connection} {sequence} ")), "{line}");
        }
        assert_eq!(text.lines().count(), 10_000);
    }
}

#[test]
fn serve_waits_for_its_clients_and_outlives_them() {
    let listener = listen("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let load = Load { connections: 2, data: small_data(), ..Load::default() };
    let stop = Stop::new();
    let run = {
        let (load, stop) = (load, stop.clone());
        thread::spawn(move || serve(listener, &load, &stop, |_| {}).unwrap())
    };
    // Two that are waited for read a little and go; a third comes when there is nobody left.
    let early = [dial(address).unwrap(), dial(address).unwrap()];
    for mut stream in early {
        std::io::Read::read_exact(&mut stream, &mut [0; 1000]).unwrap();
    }
    let mut late = dial(address).unwrap();
    std::io::Read::read_exact(&mut late, &mut [0; 1000]).unwrap();
    stop.stop();
    let rest = read_all(late);
    assert!(rest.is_empty() || rest.ends_with(b"\n"), "the last line is whole");

    let summary = run.join().unwrap();
    assert_eq!((summary.connections, summary.connections_lost), (3, 2));
    assert!(summary.interrupted && summary.valid);
}

/// One that dials as the run ends may find that nobody accepts any more.
fn read_what_comes(mut stream: TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
        Ok(read) => assert!(read == 0 || bytes.ends_with(b"\n")),
    }
    bytes
}

#[test]
fn what_a_lost_client_was_owed_goes_to_the_next() {
    let listener = listen("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let records = 300_000;
    let run =
        thread::spawn(move || serve(listener, &small_load(records), &Stop::new(), |_| {}).unwrap());
    drop(dial(address).unwrap());
    let mut next = Vec::new();
    while !run.is_finished() {
        match dial(address) {
            Ok(stream) => next.push(read_what_comes(stream)),
            Err(_) => break,
        }
    }
    let summary = run.join().unwrap();
    assert_eq!(summary.records, records);
    assert!(next.iter().map(|bytes| lines_in(bytes) as u64).sum::<u64>() <= records);
    assert!(next.iter().any(|bytes| lines_in(bytes) > 0));
}

#[test]
fn as_many_may_wait_to_be_served_as_the_system_allows() {
    let allowed = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
    let clients = allowed.trim().parse::<usize>().unwrap().min(500);
    let listener = listen("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let started = Instant::now();
    let waiting: Vec<_> = (0..clients).map(|_| dial(address).unwrap()).collect();
    // The first that finds no room in the queue tries again after a second.
    assert!(started.elapsed() < Duration::from_secs(1), "{clients}: {:?}", started.elapsed());
    drop(waiting);
}
