//! What listens is no replica, or none that knows the token: it is told nothing.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use millstream::disk::MemoryDisk;
use millstream::{ManualClock, millis};
use serde_json::{Value, json};

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

/// One who knows the token, and then does as it likes.
struct Fake {
    stream: TcpStream,
    sent: u64,
}

impl Fake {
    /// Lets in the first who comes, and has `act` go on when it has asked for the list.
    fn listening(act: impl FnOnce(&mut Fake) + Send + 'static) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it has one");
        thread::spawn(move || {
            let (stream, _) = listener.accept().expect("somebody comes");
            let mut fake = Fake { stream, sent: 0 };
            let drawn = [1; 32];
            fake.say(6, &[&1u32.to_le_bytes()[..], &drawn].concat());
            let shown = fake.hear();
            let context = "millstream-replica protocol 1, what a replica shows";
            let key = blake3::derive_key(context, TOKEN.as_bytes());
            let said = [&drawn[..], &shown[..32], b"counts"].concat();
            fake.say(8, blake3::keyed_hash(&key, &said).as_bytes());
            fake.hear();
            fake.answer(&json!("Welcome"));
            fake.hear();
            act(&mut fake);
            // Until the other side has gone.
            read(&mut fake.stream, usize::MAX);
        });
        address
    }

    fn say(&mut self, kind: u8, payload: &[u8]) {
        let frame = frame(kind, self.sent, payload.len() as u32, payload);
        self.sent += 1;
        // Who has heard enough goes.
        drop(self.stream.write_all(&frame));
    }

    fn answer(&mut self, answer: &Value) {
        self.say(3, &rmp_serde::to_vec_named(answer).expect("it can be written"));
    }

    fn entry(&mut self, path: &str, bytes: u64) {
        self.answer(&json!({"Entry": {"path": path, "bytes": bytes, "hash": vec![0; 32]}}));
    }

    fn hear(&mut self) -> Vec<u8> {
        let header = read(&mut self.stream, 32);
        let bytes = u32::from_le_bytes(header[24..28].try_into().expect("a whole header"));
        read(&mut self.stream, bytes as usize + 4)
    }
}

#[test]
fn one_that_lists_files_without_end() {
    let address = Fake::listening(|fake| {
        for number in 0..70_000 {
            fake.entry(&format!("blocks/{number:010}.log"), 1);
        }
    });
    let sentence = refused(address, millis(500));
    assert!(sentence.contains("it lists more than 65536 files"), "{sentence}");
    let address = Fake::listening(|fake| fake.entry("../identity", 1));
    let sentence = refused(address, millis(200));
    assert!(sentence.contains("which was not asked"), "{sentence}");
}

#[test]
fn one_that_gives_bytes_without_end() {
    let address = Fake::listening(|fake| {
        fake.entry("identity", 100);
        fake.answer(&json!({"Done": {"sequence": 2}}));
        fake.hear();
        for _ in 0..100 {
            fake.say(4, &[b'x'; 60]);
        }
    });
    let sentence = refused(address, millis(200));
    assert!(sentence.contains("it gives more of identity than the 100 bytes listed"), "{sentence}");
}

#[test]
fn what_it_says_does_nothing_to_a_terminal() {
    let says = "\u{1b}[31mred\nand more";
    for answer in [
        json!({"Refused": {"reason": "Failed", "sentence": says}}),
        json!({ says: null }),
        json!({"Entry": {"path": says, "bytes": 1, "hash": vec![0; 32]}}),
    ] {
        let address = Fake::listening(move |fake| fake.answer(&answer));
        let sentence = refused(address, millis(200));
        assert!(sentence.contains("\\u{1b}[31mred\\nand more"), "{sentence:?}");
        assert!(!sentence.contains(char::is_control), "{sentence:?}");
    }
}
