use std::time::{Duration, Instant};

use rustls::ServerConnection;

use super::flood::{Flood, meet};
use super::*;
use crate::conf::LongLines;
use crate::framing::{Framing, RecordLimit};
use crate::intake::connection::{Connection, Outcome};
use crate::intake::transport::Transport;
use crate::slabs::SlabPool;

const LINE: &[u8] = b"a line after all\n";
const PATIENCE: Duration = Duration::from_secs(60);

/// Both ends, when hands are shaken.
fn shaken() -> (TlsStream, Flood) {
    let (server, socket, mut flood) = meet();
    let tls = ServerConnection::new(server).unwrap();
    let mut stream = TlsStream::new(TcpStream::from_std(socket), tls.into());
    flood.shake_hands(|| {
        stream.shake_hands().ok();
    });
    (stream, flood)
}

/// What is taken of a flood in one turn, at most: a read of the library's may pass the end of it.
const MOST_OF_A_TURN: u64 = OPENED_AT_ONCE_BYTES + SEALED_BYTES as u64;

#[test]
fn records_that_hold_nothing_are_read_a_turn_at_a_time() {
    let (mut stream, mut flood) = shaken();
    let most = 10 * OPENED_AT_ONCE_BYTES;
    let (mut turns, mut read) = (0, [0; 100]);
    let mut turn = |stream: &mut TlsStream| {
        let before = stream.taken();
        let outcome = stream.read(&mut read);
        assert!(stream.taken() - before <= MOST_OF_A_TURN, "{}", stream.taken() - before);
        turns += u64::from(stream.has_stopped_short());
        match outcome {
            Ok(n) => Some(read[..n].to_vec()),
            Err(e) => {
                assert_eq!(e.kind(), ErrorKind::WouldBlock, "{e}");
                None
            }
        }
    };
    assert!(flood.send(most as usize, LINE, || {
        assert_eq!(turn(&mut stream), None);
    }));
    let line = loop {
        if let Some(line) = turn(&mut stream) {
            break line;
        }
    };
    assert!(!stream.has_stopped_short() && stream.taken() > most);
    assert_eq!(line, LINE);
    assert!(turns > 1, "{turns} turns");
}

#[test]
fn who_has_a_turn_left_is_taken_for_one_with_bytes_and_who_has_nothing_is_not() {
    let (mut stream, mut flood) = shaken();
    assert!(!stream.has_bytes());
    // So much is in the socket's buffer before anybody reads.
    assert!(flood.send(2 * OPENED_AT_ONCE_BYTES as usize, &[], || ()));
    let begun = Instant::now();
    while !stream.has_bytes() {
        assert!(begun.elapsed() < PATIENCE);
        assert!(stream.taken() < 2 * OPENED_AT_ONCE_BYTES, "all was taken in one turn");
    }
    assert!(stream.has_stopped_short());
}

#[test]
fn a_connection_over_which_nothing_comes_for_a_turn_has_its_turn_again() {
    let (stream, mut flood) = shaken();
    let transport = Transport::Tls(Box::new(stream));
    let mut connection = Connection::new(transport, Framing::Lines, Instant::now());
    let mut slab = SlabPool::new(SlabPool::least_bytes(1000), 1000).take().unwrap();
    let limit = RecordLimit { max_bytes: 1000, long_lines: LongLines::Skip };
    assert!(flood.send(3 * OPENED_AT_ONCE_BYTES as usize / 2, LINE, || ()));
    let (mut turns, begun) = (0, Instant::now());
    loop {
        let step = connection.read(&mut slab, usize::MAX, limit, |_| true);
        if !step.framed.records.is_empty() {
            break;
        }
        assert!(begun.elapsed() < PATIENCE);
        match step.outcome {
            Outcome::More => turns += 1,
            // All of it need not have come yet.
            Outcome::Drained => {}
            Outcome::Ended | Outcome::Broke(_) => panic!("it goes on"),
        }
    }
    assert!(turns > 0, "what is left waits for an event that may not come");
    assert!(connection.came() > connection.received() + OPENED_AT_ONCE_BYTES);
}
