//! Senders and an engine in one random story: connections break, others take over, the process dies
//! and comes back with what was durable. Every line is taken in once, in order, and nothing that was
//! acknowledged is lost.

use std::collections::BTreeMap;
use std::time::Instant;

use super::reception::{ConnectionId, Reads, Reception, Then};
use super::senders::{SenderName, Senders};
use crate::durable::{from_bytes, to_bytes};
use crate::seed::Random;

/// How many lines each of the senders has.
const LINES: u64 = 40;
const SENDERS: [&str; 3] = ["a", "b", "c"];

/// Bytes that are under way in one direction.
type Wire = Vec<u8>;

/// One side of a connection, or both.
struct Connection {
    sender: usize,
    up: Wire,
    down: Wire,
    /// The beginning of a line that the engine has read.
    carry: Vec<u8>,
    /// Whether the sender still holds it; otherwise only the engine does.
    is_held: bool,
    /// Whether the sender has closed its direction.
    is_ended: bool,
    /// Whether the engine still holds it.
    is_open: bool,
}

/// What a sender knows, as the document says.
#[derive(Default)]
struct Sender {
    connection: Option<ConnectionId>,
    is_answered: bool,
    answer: Vec<u8>,
    next: u64,
    most_sent: u64,
    acknowledged: u64,
}

struct Story {
    random: Random,
    now: Instant,
    reception: Reception,
    /// As a checkpoint has it, some time ago.
    checkpoint: Vec<u8>,
    connections: BTreeMap<ConnectionId, Connection>,
    next_id: ConnectionId,
    senders: Vec<Sender>,
    /// What the engine has taken in of each sender, and how much of it is synced.
    taken_in: Vec<Vec<Vec<u8>>>,
    durable: Vec<u64>,
    crashes: u64,
}

fn name(sender: usize) -> SenderName {
    SenderName::new(SENDERS[sender]).unwrap()
}

fn line(sender: usize, number: u64) -> Vec<u8> {
    format!("{}{number}\n", SENDERS[sender]).into()
}

impl Story {
    fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            now: Instant::now(),
            reception: Reception::new(Senders::default()),
            checkpoint: to_bytes(&Senders::default()).unwrap(),
            connections: BTreeMap::new(),
            next_id: 0,
            senders: SENDERS.map(|_| Sender::default()).into(),
            taken_in: vec![Vec::new(); SENDERS.len()],
            durable: vec![0; SENDERS.len()],
            crashes: 0,
        }
    }

    /// A number of bytes to pass on, of so many.
    fn some(&mut self, of: usize) -> usize {
        let most = self.random.pick(&[1, 5, of.max(1)]).min(of);
        self.random.below(most + 1)
    }

    fn any_sender(&mut self) -> usize {
        self.random.below(SENDERS.len())
    }

    fn any_connection(&mut self) -> Option<ConnectionId> {
        let ids: Vec<_> = self.connections.keys().copied().collect();
        (!ids.is_empty()).then(|| self.random.pick(&ids))
    }

    // ---- the senders ----

    /// Leaves the connection that it has, if any, as it is: nobody tells the engine.
    fn dial(&mut self, sender: usize) {
        self.let_go(sender);
        let id = self.next_id;
        self.next_id += 1;
        let up = format!("MILLSTREAM 1 {}\n", SENDERS[sender]).into();
        let connection = Connection {
            sender,
            up,
            down: Wire::new(),
            carry: Vec::new(),
            is_held: true,
            is_ended: false,
            is_open: true,
        };
        self.connections.insert(id, connection);
        self.reception.connect(id, self.now);
        let known = &mut self.senders[sender];
        (known.connection, known.is_answered) = (Some(id), false);
        known.answer.clear();
    }

    fn let_go(&mut self, sender: usize) {
        if let Some(id) = self.senders[sender].connection.take()
            && let Some(connection) = self.connections.get_mut(&id)
        {
            connection.is_held = false;
        }
    }

    fn send(&mut self, sender: usize) {
        let known = &mut self.senders[sender];
        let Some(connection) = known.connection.and_then(|id| self.connections.get_mut(&id)) else {
            return;
        };
        if known.is_answered && known.next < LINES {
            connection.up.extend(line(sender, known.next));
            known.next += 1;
            known.most_sent = known.most_sent.max(known.next);
        } else if known.is_answered {
            connection.is_ended = true;
        }
    }

    fn listen(&mut self, sender: usize) {
        let Some(id) = self.senders[sender].connection else { return };
        let Some(of) = self.connections.get(&id).map(|connection| connection.down.len()) else {
            return;
        };
        let bytes = self.some(of);
        let said: Vec<u8> = self.connections.get_mut(&id).unwrap().down.drain(..bytes).collect();
        for byte in said {
            let known = &mut self.senders[sender];
            known.answer.push(byte);
            if byte == b'\n' {
                let answer = String::from_utf8(std::mem::take(&mut known.answer)).unwrap();
                self.understand(sender, answer.trim_end());
            }
        }
    }

    fn understand(&mut self, sender: usize, answer: &str) {
        let known = &mut self.senders[sender];
        let (word, rest) = answer.split_once(' ').unwrap();
        let number = || rest.parse::<u64>().unwrap();
        match word {
            "RESUME" => {
                assert!(!known.is_answered, "it comes once");
                assert!((known.acknowledged..=known.most_sent).contains(&number()), "{answer}");
                (known.is_answered, known.next) = (true, number());
            }
            "ACK" => {
                assert!(known.is_answered, "RESUME comes first");
                assert!((known.acknowledged + 1..=known.next).contains(&number()), "{answer}");
            }
            _ => panic!("refused on the only connection that it holds: {answer}"),
        }
        known.acknowledged = number();
        assert!(known.acknowledged <= self.durable[sender], "a crash could lose what is promised");
    }

    // ---- the engine ----

    fn read(&mut self, id: ConnectionId) {
        let reads = self.reception.reads(id);
        let Some(connection) = self.connections.get(&id) else { return };
        if reads == Reads::Nothing || !connection.is_open {
            return;
        }
        let of = connection.up.len();
        let bytes = self.some(of);
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let read: Vec<u8> = connection.up.drain(..bytes).collect();
        let is_over = connection.up.is_empty() && (connection.is_ended || !connection.is_held);
        match reads {
            Reads::Greeting => self.reception.hear(id, &read, self.now),
            Reads::Lines => self.take_in(id, &read),
            Reads::Nothing | Reads::Dropped => {}
        }
        if is_over {
            self.reception.end(id);
        }
        self.tend(id);
    }

    fn take_in(&mut self, id: ConnectionId, read: &[u8]) {
        let newlines = read.iter().filter(|&&byte| byte == b'\n').count() as u64;
        let (name, first) = self.reception.take_in(id, newlines, self.now).unwrap();
        let connection = self.connections.get_mut(&id).unwrap();
        let sender = connection.sender;
        assert_eq!((name, first), (self::name(sender), self.taken_in[sender].len() as u64));
        for &byte in read {
            connection.carry.push(byte);
            if byte == b'\n' {
                self.taken_in[sender].push(std::mem::take(&mut connection.carry));
            }
        }
    }

    /// Writes what there is to write, some of it, and does what is to be done then.
    fn tend(&mut self, id: ConnectionId) {
        let of = self.reception.unwritten(id).len();
        let bytes = self.some(of);
        let Some(connection) = self.connections.get_mut(&id).filter(|c| c.is_open) else { return };
        connection.down.extend(&self.reception.unwritten(id)[..bytes]);
        self.reception.wrote(id, bytes);
        if self.reception.then(id, self.now) == Then::Close {
            connection.is_open = false;
            self.reception.lose(id);
        }
    }

    /// A group of lines of one sender is synced.
    fn sync(&mut self, sender: usize) {
        let taken_in = self.taken_in[sender].len() as u64;
        let more = self.random.below((taken_in - self.durable[sender]) as usize + 1) as u64;
        self.durable[sender] += more;
        self.reception.make_durable(&name(sender), self.durable[sender]);
    }

    fn keep_checkpoint(&mut self) {
        self.checkpoint = to_bytes(self.reception.senders()).unwrap();
    }

    /// The process dies, and comes back with its last checkpoint and its log. Some of what it had
    /// said is still under way; no connection has an end there any more.
    fn crash(&mut self) {
        self.crashes += 1;
        let mut senders: Senders = from_bytes(&self.checkpoint).unwrap();
        for (sender, &durable) in self.durable.iter().enumerate().filter(|(_, d)| **d > 0) {
            senders.restore(name(sender), durable);
        }
        for (taken_in, &durable) in self.taken_in.iter_mut().zip(&self.durable) {
            taken_in.truncate(durable as usize);
        }
        self.reception = Reception::new(senders);
        let is_told = self.random.one_in(2);
        for connection in self.connections.values_mut() {
            connection.is_open = false;
            connection.up.clear();
            if !is_told {
                connection.down.clear();
            }
        }
    }

    /// The connection breaks for both, with all that is under way.
    fn break_off(&mut self, id: ConnectionId) {
        let connection = self.connections.remove(&id).unwrap();
        if connection.is_held {
            self.senders[connection.sender].connection = None;
        }
        self.reception.lose(id);
    }

    // ---- the story ----

    fn step(&mut self) {
        let sender = self.any_sender();
        match self.random.below(100) {
            0..40 => self.send(sender),
            40..60 => self.listen(sender),
            60..80 => {
                if let Some(id) = self.any_connection() {
                    self.read(id);
                }
            }
            80..90 => self.sync(sender),
            90..93 => self.dial(sender),
            93..95 => self.keep_checkpoint(),
            95..98 => {
                if let Some(id) = self.any_connection() {
                    self.break_off(id);
                }
            }
            98 => self.crash(),
            _ => {
                for id in self.reception.take_untold() {
                    self.tend(id);
                }
            }
        }
    }

    /// No more goes wrong, and all senders come to their end.
    fn come_to_the_end(&mut self) {
        for sender in 0..SENDERS.len() {
            self.dial(sender);
        }
        for _ in 0..20_000 {
            for sender in 0..SENDERS.len() {
                self.send(sender);
                self.listen(sender);
                self.sync(sender);
            }
            for id in Vec::from_iter(self.connections.keys().copied()) {
                self.read(id);
                self.tend(id);
            }
            if self.senders.iter().all(|sender| sender.acknowledged == LINES) {
                return;
            }
        }
        let taken_in: Vec<usize> = self.taken_in.iter().map(Vec::len).collect();
        panic!("the senders are not done, and of their lines are taken in {taken_in:?}");
    }
}

#[test]
fn every_line_is_taken_in_once_and_nothing_acknowledged_is_lost() {
    let (mut crashes, mut connections) = (0, 0);
    for seed in 0..2_000 {
        let mut story = Story::new(seed);
        for _ in 0..story.random.below(1_500) {
            story.step();
        }
        story.come_to_the_end();
        for (sender, taken_in) in story.taken_in.iter().enumerate() {
            let all: Vec<_> = (0..LINES).map(|number| line(sender, number)).collect();
            assert!(*taken_in == all, "seed {seed}");
        }
        (crashes, connections) = (crashes + story.crashes, connections + story.next_id);
    }
    assert!(
        crashes > 5_000 && connections > 50_000,
        "{crashes} crashes, {connections} connections"
    );
}
