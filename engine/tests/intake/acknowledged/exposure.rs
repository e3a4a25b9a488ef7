//! A token in front of the greeting, and senders that are silent.

use std::io::{Read, Write};
use std::time::Duration as StdDuration;

use millstream::disk::MemoryDisk;
use millstream::secs;

use super::life::{Life, clock, lines};
use super::sender::Sender;
use crate::rig::{PATIENCE, client_of, wait_until};

const SECRET: &str = "d41d8cd98f00b204";

#[test]
fn a_sender_shows_its_token_and_greets_in_one_breath() {
    let disk = MemoryDisk::default();
    let life = Life::with(&disk, &clock(), |conf| conf.receiver_token(SECRET));
    let mut sender = Sender::new("a").with_token(SECRET);
    assert_eq!(sender.greet(life.address()), 0);
    sender.send(3);
    life.acknowledge(&mut sender);
    assert_eq!(sender.greet(life.address()), 3);
    assert_eq!(lines(life.end()), sender.lines());
}

#[test]
fn who_has_no_token_is_refused_with_the_reason_takes_no_name_and_is_never_a_connection() {
    let disk = MemoryDisk::default();
    let life = Life::with(&disk, &clock(), |conf| conf.receiver_token(SECRET));
    for said in ["MILLSTREAM 1 a\n", "TOKEN d41d8cd98f00b205\nMILLSTREAM 1 a\n", &"x".repeat(5000)]
    {
        let mut client = client_of(life.address());
        client.write_all(said.as_bytes()).expect("the engine reads");
        client.set_read_timeout(Some(PATIENCE)).expect("a socket takes options");
        let mut told = String::new();
        client.read_to_string(&mut told).expect("the engine closes");
        assert!(told.starts_with("REFUSE the first line must be TOKEN SECRET"), "{told}");
        assert!(!told.contains("d41d"), "{told}");
    }
    assert_eq!((life.ear.connected(), life.ear.disconnected()), (0, 0));
    let mut sender = Sender::new("a").with_token(SECRET);
    assert_eq!(sender.greet(life.address()), 0);
    let ear = life.ear.clone();
    assert_eq!(life.end().len(), 0);
    assert!(ear.connected() == 1 && ear.disconnected() <= 1, "the sender's alone");
    let told = ear.warnings("connections were denied");
    assert!(told.len() == 2 && told[0].contains("denied: 1,"), "{told:?}");
    assert!(told[1].contains("denied: 2, of which 2 showed no token"), "{told:?}");
}

#[test]
fn a_sender_that_waits_for_its_acknowledgement_is_not_idle_and_one_that_waits_for_nothing_is() {
    let disk = MemoryDisk::default();
    let life = Life::with(&disk, &clock(), |conf| conf.idle_timeout(secs(1)));
    let mut sender = Sender::new("a");
    sender.greet(life.address());
    sender.send(1);
    let idle = client_of(life.address());
    idle.set_read_timeout(Some(PATIENCE)).expect("a socket takes options");
    // The clock stands still, so nothing is acknowledged for as long as the other one lives, and longer.
    wait_until("the one that says nothing to be closed", || {
        (life.ear.disconnected() == 1).then_some(())
    });
    let mut second = client_of(life.address());
    second.set_read_timeout(Some(StdDuration::from_secs(10))).expect("a socket takes options");
    let mut told = String::new();
    second.read_to_string(&mut told).expect("it is closed");
    assert_eq!(told, "");
    wait_until("its end to be told", || (life.ear.disconnected() == 2).then_some(()));
    life.acknowledge(&mut sender);
    wait_until("the sender to be closed once nothing is owed to it", || {
        (life.ear.disconnected() == 3).then_some(())
    });
    assert_eq!(lines(life.end()), sender.lines());
}

#[test]
fn who_is_told_that_its_token_is_wrong_takes_no_place_of_who_has_the_right_one() {
    let disk = MemoryDisk::default();
    let life = Life::with(&disk, &clock(), |conf| conf.receiver_token(SECRET).max_connections(1));
    // Each is listened to for two seconds after it was refused, for it says nothing of its own accord.
    let refused: Vec<_> = (0..30)
        .map(|_| {
            let mut client = client_of(life.address());
            client.write_all(b"TOKEN d41d8cd98f00b205\n").expect("the engine reads");
            client
        })
        .collect();
    let mut sender = Sender::new("a").with_token(SECRET);
    assert_eq!(sender.greet(life.address()), 0);
    sender.send(3);
    life.acknowledge(&mut sender);
    drop(refused);
    assert_eq!(lines(life.end()), sender.lines());
}
