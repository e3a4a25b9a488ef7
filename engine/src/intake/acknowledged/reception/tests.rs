use std::time::Duration;

use super::*;

struct Rig {
    reception: Reception,
    now: Instant,
}

impl Rig {
    fn new() -> Self {
        Self { reception: Reception::new(Senders::default()), now: Instant::now() }
    }

    fn connect(&mut self, id: ConnectionId, said: &str) {
        self.reception.connect(id, self.now);
        self.reception.hear(id, said.as_bytes(), self.now);
    }

    /// All that a connection is told, if anything.
    fn told(&mut self, id: ConnectionId) -> String {
        let mut told = Vec::new();
        while let bytes = self.reception.unwritten(id).to_vec()
            && !bytes.is_empty()
        {
            self.reception.wrote(id, bytes.len());
            told.extend(bytes);
        }
        String::from_utf8(told).unwrap()
    }

    fn take_in(&mut self, id: ConnectionId, newlines: u64) -> Option<u64> {
        self.reception.take_in(id, newlines, self.now).map(|(_, first)| first)
    }

    fn sync(&mut self, name: &str, below: u64) {
        self.reception.make_durable(&SenderName::new(name).unwrap(), below);
    }

    fn then(&self, id: ConnectionId) -> Then {
        self.reception.then(id, self.now)
    }
}

#[test]
fn a_session_from_the_greeting_to_its_end() {
    let mut rig = Rig::new();
    rig.connect(1, "MILLSTREAM 1 a\n");
    assert_eq!(rig.reception.take_untold(), [1]);
    assert_eq!(rig.told(1), "RESUME 0\n");
    assert_eq!(
        (rig.take_in(1, 2), rig.take_in(1, 0), rig.take_in(1, 1)),
        (Some(0), Some(2), Some(2))
    );
    assert_eq!((rig.told(1).as_str(), rig.reception.take_untold()), ("", vec![]));
    rig.sync("a", 2);
    rig.reception.end(1);
    assert_eq!(rig.told(1), "ACK 2\n");
    assert_eq!(rig.then(1), Then::GoOn, "a line is not durable yet");
    rig.sync("a", 3);
    assert_eq!((rig.reception.take_untold(), rig.then(1)), (vec![1], Then::GoOn));
    assert_eq!((rig.told(1).as_str(), rig.then(1)), ("ACK 3\n", Then::Close));
    rig.reception.lose(1);
    rig.connect(2, "MILLSTREAM 1 a\n");
    assert_eq!(rig.told(2), "RESUME 3\n");
}

#[test]
fn resume_waits_until_what_was_taken_in_is_durable() {
    let mut rig = Rig::new();
    rig.connect(1, "MILLSTREAM 1 a\n");
    rig.take_in(1, 5);
    rig.reception.lose(1);
    rig.connect(2, "MILLSTREAM 1 a\n");
    assert_eq!((rig.told(2).as_str(), rig.reception.reads(2)), ("", Reads::Nothing));
    rig.sync("a", 3);
    assert_eq!((rig.told(2).as_str(), rig.take_in(2, 1)), ("", None));
    rig.sync("a", 5);
    assert_eq!((rig.told(2).as_str(), rig.reception.reads(2)), ("RESUME 5\n", Reads::Lines));
}

#[test]
fn a_newer_connection_takes_over_and_the_older_one_is_told() {
    let mut rig = Rig::new();
    rig.connect(1, "MILLSTREAM 1 a\n");
    assert_eq!((rig.told(1).as_str(), rig.take_in(1, 4)), ("RESUME 0\n", Some(0)));
    rig.connect(2, "MILLSTREAM 1 a\n");
    assert_eq!((rig.take_in(1, 1), rig.reception.reads(1)), (None, Reads::Dropped));
    assert!(rig.told(1).starts_with("REFUSE a newer connection has greeted as a and goes on"));
    assert_eq!(rig.then(1), Then::CloseOwnDirection);
    rig.sync("a", 4);
    assert_eq!((rig.told(1).as_str(), rig.told(2).as_str()), ("", "RESUME 4\n"));
    // The end of the older one takes nothing from the newer.
    rig.reception.lose(1);
    assert_eq!(rig.take_in(2, 1), Some(4));
}

#[test]
fn a_greeting_that_is_read_late_takes_nothing_from_a_newer_connection() {
    let mut rig = Rig::new();
    rig.connect(1, "MILLSTREAM 1");
    rig.connect(2, "MILLSTREAM 1 a\n");
    rig.reception.hear(1, b" a\n", rig.now);
    assert!(rig.told(1).starts_with("REFUSE a newer connection has greeted as a"));
    assert_eq!((rig.told(2).as_str(), rig.take_in(2, 1)), ("RESUME 0\n", Some(0)));
}

#[test]
fn a_refused_sender_is_read_until_it_has_closed_and_not_for_ever() {
    let mut rig = Rig::new();
    rig.connect(1, "GET / HTTP/1.1\n");
    assert_eq!((rig.reception.reads(1), rig.then(1)), (Reads::Dropped, Then::GoOn));
    assert!(rig.told(1).starts_with("REFUSE the first line must be"));
    assert_eq!(rig.then(1), Then::CloseOwnDirection);
    rig.reception.end(1);
    assert_eq!(rig.then(1), Then::Close);

    rig.connect(2, "\n");
    assert_eq!((rig.reception.take_untold(), rig.then(2)), (vec![1, 2], Then::GoOn));
    rig.now = rig.reception.due().unwrap();
    rig.reception.look_at_the_time(rig.now);
    assert_eq!((rig.reception.take_untold(), rig.then(2)), (vec![1, 2], Then::Close));
}

#[test]
fn who_is_turned_away_is_told_why_and_listened_to_no_more() {
    let mut rig = Rig::new();
    rig.connect(1, "");
    rig.reception.turn_away(1, "not you".into(), rig.now);
    rig.reception.hear(1, b"MILLSTREAM 1 a\n", rig.now);
    assert_eq!(rig.reception.reads(1), Reads::Dropped);
    assert_eq!(rig.told(1), "REFUSE not you\n");
    assert!(rig.reception.senders().all_is_durable() && rig.reception.speakers.is_empty());
}

#[test]
fn who_has_lines_that_are_not_acknowledged_is_owed_something() {
    let mut rig = Rig::new();
    rig.connect(1, "MILLSTREAM 1 a\n");
    assert!(rig.reception.owes(1), "its first number");
    rig.told(1);
    assert!(!rig.reception.owes(1));
    let (name, first) = rig.reception.take_in(1, 2, rig.now).unwrap();
    assert!(rig.reception.owes(1), "an acknowledgement");
    rig.reception.make_durable(&name, first + 2);
    rig.told(1);
    assert!(!rig.reception.owes(1));
}

#[test]
fn a_late_greeting_is_refused() {
    let mut rig = Rig::new();
    rig.connect(1, "MILLSTREAM 1");
    rig.connect(2, "MILLSTREAM 1 b\n");
    let until = rig.reception.due().unwrap();
    assert_eq!(until, rig.now + GREETS_WITHIN);
    rig.reception.look_at_the_time(until - Duration::from_millis(1));
    assert_eq!(rig.reception.reads(1), Reads::Greeting);
    rig.reception.look_at_the_time(until);
    assert_eq!(rig.told(1), "REFUSE no greeting has come within 10 s\n");
    let lingers = Some(until + LINGERS_FOR);
    assert_eq!((rig.reception.reads(2), rig.reception.due()), (Reads::Lines, lingers));
}

#[test]
fn more_senders_than_are_remembered_are_refused() {
    let mut rig = Rig::new();
    rig.reception.most_senders = 2;
    // Names that come and go without a line leave nothing behind.
    for id in 0..10 {
        rig.connect(id, &format!("MILLSTREAM 1 idle-{id}\n"));
        assert_eq!(rig.told(id), "RESUME 0\n");
        rig.reception.lose(id);
    }
    for (id, name) in [(11, "a"), (12, "b")] {
        rig.connect(id, &format!("MILLSTREAM 1 {name}\n"));
        assert_eq!(rig.take_in(id, 1), Some(0));
        rig.sync(name, 1);
        rig.reception.lose(id);
    }
    rig.connect(13, "MILLSTREAM 1 c\n");
    assert!(rig.told(13).starts_with("REFUSE 2 senders are known here, and c would be one more"));
    rig.connect(14, "MILLSTREAM 1 a\n");
    assert_eq!(rig.told(14), "RESUME 1\n");
}

#[test]
fn numbers_that_end_are_told() {
    let mut senders = Senders::default();
    senders.restore(SenderName::new("a").unwrap(), u64::MAX);
    let mut rig = Rig { reception: Reception::new(senders), now: Instant::now() };
    rig.connect(1, "MILLSTREAM 1 a\n");
    assert_eq!(rig.told(1), format!("RESUME {}\n", u64::MAX));
    assert_eq!(rig.take_in(1, 1), None);
    assert!(rig.told(1).starts_with("REFUSE there are no numbers left"));
}

#[test]
fn an_orderly_end_of_the_engine_acknowledges_what_was_taken_in() {
    let mut rig = Rig::new();
    rig.connect(1, "MILLSTREAM 1 a\n");
    rig.connect(2, "MILLSTREAM 1");
    rig.take_in(1, 5);
    rig.reception.end_all();
    assert_eq!((rig.take_in(1, 1), rig.then(2)), (None, Then::Close));
    rig.sync("a", 5);
    assert_eq!(rig.told(1), "RESUME 0\nACK 5\n");
    assert_eq!(rig.then(1), Then::Close);
}

#[test]
fn a_sender_that_ends_before_it_is_answered_is_answered_all_the_same() {
    let mut rig = Rig::new();
    rig.connect(1, "MILLSTREAM 1 a\n");
    rig.take_in(1, 5);
    rig.connect(2, "MILLSTREAM 1 a\n");
    rig.reception.end(2);
    assert_eq!(rig.then(2), Then::GoOn);
    rig.sync("a", 5);
    assert_eq!((rig.told(2).as_str(), rig.then(2)), ("RESUME 5\n", Then::Close));
}
