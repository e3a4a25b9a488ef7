//! Lines that are acknowledged, of which so many a second may come.

use millstream::disk::MemoryDisk;
use millstream::millis;

use super::life::{Life, clock, lines};
use super::sender::Sender;

#[test]
fn a_sender_is_held_to_the_rate_and_acknowledged_as_far_as_it_came() {
    let (disk, clock) = (MemoryDisk::default(), clock());
    let life = Life::with(&disk, &clock, |conf| conf.max_rate(1000));
    let mut sender = Sender::new("a");
    sender.greet(life.address());
    let from = clock.now();
    sender.send(500);
    life.acknowledge(&mut sender);
    let took = clock.now() - from;
    // A twentieth of a second's may come at once.
    assert!(took >= millis(450), "500 lines at 1000 a second within {took}");
    assert_eq!(lines(life.end()), sender.lines());
}
