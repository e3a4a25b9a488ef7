//! The process dies, again and again, and with it the power: every line is processed once, in order.

use std::net::SocketAddr;

use millstream::disk::{MemoryDisk, Names};

use super::life::{Collected, Life, clock};
use super::sender::Sender;
use crate::rig::{BLOCK, wait_until};

#[path = "../../model/seed.rs"]
mod seed;
use seed::Random;

const SENDERS: [&str; 3] = ["a", "b", "c"];

/// A random moment in the lives of senders and an engine.
fn step(random: &mut Random, life: &Life, senders: &mut [Sender]) {
    let which = random.below(senders.len());
    let sender = &mut senders[which];
    match random.below(10) {
        0 => sender.dial(life.address()),
        1 => sender.break_within_a_line(),
        2..=4 => sender.send(1 + random.below(20) as u64),
        5 => sender.listen(),
        6 => life.come_round(),
        7 => life.clock.advance(BLOCK),
        8 if random.one_in(3) => life.batch(),
        _ => senders.iter_mut().for_each(Sender::listen),
    }
}

fn greet_all(senders: &mut [Sender], address: SocketAddr) {
    for sender in senders {
        sender.greet(address);
    }
}

#[test]
fn every_line_is_processed_once_whenever_the_process_dies() {
    for seed in 0..40 {
        let (mut random, clock) = (Random::new(seed), clock());
        let mut disk = MemoryDisk::default();
        let mut senders = SENDERS.map(Sender::new);
        let mut all = Collected::new();
        for _ in 0..5 {
            let life = Life::begin(&disk, &clock);
            greet_all(&mut senders, life.address());
            for _ in 0..random.below(40) {
                step(&mut random, &life, &mut senders);
            }
            let names = random.pick(&[Names::Lost, Names::Kept]);
            let (collected, left) = life.die(&disk, names);
            all.extend(collected);
            disk = left;
        }
        let life = Life::begin(&disk, &clock);
        greet_all(&mut senders, life.address());
        for sender in &mut senders {
            // What was sent once and is not acknowledged is sent again, and some lines more.
            let again = sender.lines().len() as u64 - sender.next;
            sender.send(again + 3);
            sender.half_close();
        }
        wait_until("the last acknowledgements", || {
            life.clock.advance(BLOCK);
            senders.iter_mut().for_each(Sender::listen);
            senders.iter().all(|sender| sender.acknowledged == sender.next).then_some(())
        });
        all.extend(life.end());
        for (sender, name) in senders.iter().zip(SENDERS) {
            let prefix = format!("{name} ");
            let lines = all.values().flatten().filter(|line| line.starts_with(&prefix));
            assert!(lines.eq(&sender.lines()), "seed {seed}: {name}: {all:?}");
        }
        let processed: usize = all.values().map(Vec::len).sum();
        let sent: usize = senders.iter().map(|sender| sender.lines().len()).sum();
        assert_eq!(processed, sent, "seed {seed}: no torn line is one");
    }
}
