//! What listens is no replica, or none that knows the token: it is told nothing.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use millstream::disk::MemoryDisk;
use millstream::{ManualClock, millis};

use crate::hostile::frame;
use crate::job::{Life, PATIENCE};
use crate::pair::{START, TOKEN, mirrored};

/// One who says `says` to whoever comes, and answers `answers` to the first `hears` bytes. Gives all that it has heard.
fn listening(says: Vec<u8>, hears: usize, answers: Vec<u8>) -> (SocketAddr, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has one");
    let listening = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody comes");
        stream.set_read_timeout(Some(PATIENCE)).expect("it can be set");
        stream.write_all(&says).expect("it is read");
        let mut heard = read(&mut stream, hears);
        if !answers.is_empty() {
            stream.write_all(&answers).expect("it is read");
        }
        heard.extend(read(&mut stream, usize::MAX));
        heard
    });
    (address, listening)
}

/// What comes, until that is so much, or all.
fn read(stream: &mut TcpStream, most: usize) -> Vec<u8> {
    let mut heard = Vec::new();
    // Who goes without having read all resets the connection.
    drop(stream.take(most as u64).read_to_end(&mut heard));
    heard
}

/// Why a start that dials it is refused.
fn refused(address: SocketAddr, limit: millstream::Duration) -> String {
    let clock = ManualClock::at(START);
    let conf = mirrored(&MemoryDisk::default(), &clock, address).replica_timeout(limit);
    let sentence = Life::with(conf, clock, 0).err().expect("it is refused").to_string();
    assert!(sentence.contains(&address.to_string()) && !sentence.contains(TOKEN), "{sentence}");
    sentence
}

fn challenge(version: u32) -> Vec<u8> {
    let payload = [&version.to_le_bytes()[..], &[1; 32]].concat();
    frame(6, 0, payload.len() as u32, &payload)
}

/// What a primary shows of itself takes so many bytes, with the name of the job.
const SHOWN_BYTES: usize = 32 + 32 + 32 + "counts".len() + 4;

#[test]
fn one_that_speaks_in_lines() {
    for line in ["220 mail.example.org is ready\r\n", "hello\n", "HTTP/1.1 400 Bad Request\r\n\r\n"]
    {
        let (address, listening) = listening(line.into(), 0, Vec::new());
        let sentence = refused(address, millis(2000));
        assert!(sentence.contains("this is no millstream-replica"), "{sentence}");
        assert_eq!(listening.join().expect("it listens"), b"", "it is told nothing");
    }
}

#[test]
fn one_that_says_nothing() {
    let (address, listening) = listening(Vec::new(), 0, Vec::new());
    let sentence = refused(address, millis(50));
    assert!(sentence.contains("it has not said that it is a millstream-replica"), "{sentence}");
    assert_eq!(listening.join().expect("it listens"), b"", "it is told nothing");
}

#[test]
fn one_that_speaks_another_version() {
    let (address, listening) = listening(challenge(2), 0, Vec::new());
    let sentence = refused(address, millis(2000));
    assert!(sentence.contains("it speaks version 2, and this program 1"), "{sentence}");
    assert_eq!(listening.join().expect("it listens"), b"");
}

#[test]
fn one_that_does_not_know_the_token() {
    let does_not_know = "does not know the token";
    for (answer, why) in [
        (frame(8, 1, 32, &[1; 32]), does_not_know),
        (frame(8, 1, 31, &[1; 31]), does_not_know),
        (frame(8, 1, 1 << 20, b""), "this is no millstream-replica"),
        (frame(3, 1, 8, b"\xa7Welcome"), "this is no millstream-replica"),
    ] {
        let (address, listening) = listening(challenge(1), SHOWN_BYTES, answer);
        let sentence = refused(address, millis(2000));
        assert!(sentence.contains(why), "{sentence}");
        if why == does_not_know {
            assert!(sentence.contains(&format!("what listens at {address} {why}")), "{sentence}");
        }
        let heard = listening.join().expect("it listens");
        assert_eq!(
            heard.len(),
            SHOWN_BYTES,
            "nothing comes behind what shows that the token is known"
        );
        assert!(memchr::memmem::find(&heard, TOKEN.as_bytes()).is_none());
    }
}
