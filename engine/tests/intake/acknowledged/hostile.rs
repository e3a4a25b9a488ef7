//! Those who do not keep to the protocol.

use std::io::{Read, Write};

use millstream::disk::MemoryDisk;

use super::life::{Life, clock, lines};
use super::sender::Sender;
use crate::rig::client_of;

#[test]
fn what_is_no_greeting_is_refused_with_the_reason() {
    let disk = MemoryDisk::default();
    let life = Life::begin(&disk, &clock());
    for (said, why) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], "the first line must be MILLSTREAM 1 NAME"),
        (b"MILLSTREAM 2 a\n", "version"),
        (b"MILLSTREAM 1 a b\n", "no name of a sender"),
        (&[b'x'; 5000], "longer than 128 bytes"),
        (b"MILLSTREAM 1 a\nline\n", "lines came before RESUME"),
    ] {
        let mut client = client_of(life.address());
        client.write_all(said).expect("the engine reads");
        let mut told = String::new();
        client.read_to_string(&mut told).expect("the engine closes");
        assert!(told.starts_with("REFUSE ") && told.contains(why), "{told}");
        assert!(told.ends_with('\n') && told.lines().count() == 1, "{told}");
    }
    assert_eq!(life.end().len(), 0);
}

#[test]
fn who_hangs_up_after_a_greeting_keeps_nobody_from_it() {
    let (disk, mut sender) = (MemoryDisk::default(), Sender::new("a"));
    let life = Life::begin(&disk, &clock());
    for _ in 0..100 {
        sender.dial(life.address());
    }
    assert_eq!(sender.greet(life.address()), 0);
    sender.send(3);
    life.acknowledge(&mut sender);
    assert_eq!(lines(life.end()), sender.lines());
}
