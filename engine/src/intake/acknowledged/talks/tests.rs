use std::net;

use mio::Poll;
use mio::net::TcpStream;
use nix::sys::socket::{setsockopt, sockopt};

use super::super::reached::Reached;
use super::*;

/// A sender that has greeted as `a`, and its conversation with one receiver.
struct Rig {
    sender: net::TcpStream,
    connections: HashMap<ConnectionId, Connection>,
    logged: Arc<Logged>,
    talks: Talks,
    _poll: Poll,
}

impl Rig {
    fn new() -> Self {
        let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut sender = net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        // So small that a test can fill them.
        setsockopt(&stream, sockopt::SndBuf, &4096).unwrap();
        setsockopt(&sender, sockopt::RcvBuf, &2048).unwrap();
        stream.set_nonblocking(true).unwrap();
        let (poll, mut stream) = (Poll::new().unwrap(), TcpStream::from_std(stream));
        poll.registry().register(&mut stream, Token(0), Interest::READABLE).unwrap();
        let logged = Arc::new(Logged::new(Arc::new(|| {})));
        let mut talks = Talks::new(Senders::default(), logged.clone());
        let mut transport = Transport::Plain(stream);
        talks.connect(0, &mut transport, poll.registry()).unwrap();
        let connection = Connection::of_numbered_lines(transport, Instant::now());
        let connections = HashMap::from([(0, connection)]);
        sender.write_all(b"MILLSTREAM 1 a\n").unwrap();
        let mut rig = Rig { sender, connections, logged, talks, _poll: poll };
        while !rig.talks.reads_lines(0) {
            rig.talks.hear_next(0);
            rig.go_on();
        }
        rig
    }

    fn go_on(&mut self) {
        let round = self.talks.go_on(&mut self.connections);
        assert!(round.over.is_empty(), "{:?}", round.over);
    }

    /// A line comes, and is logged. Gives its number.
    fn log_a_line(&mut self) -> u64 {
        let (name, numbers) = self.talks.take_in(0, b"line\n").unwrap();
        self.logged.tell(&Reached::from([(name, numbers.end)]));
        self.go_on();
        numbers.start
    }
}

#[test]
fn a_sender_that_does_not_listen_is_waited_for_by_nobody_and_told_the_newest_in_the_end() {
    let mut rig = Rig::new();
    let (mut lines, mut stuck_for) = (0, 0);
    while stuck_for < 1000 {
        let before = rig.talks.reception.unwritten(0).to_vec();
        lines = rig.log_a_line() + 1;
        // The system may take some more, as what it had already comes to the other side.
        let is_stuck = !before.is_empty() && rig.talks.reception.unwritten(0) == before;
        stuck_for = if is_stuck { stuck_for + 1 } else { 0 };
    }
    let (mut told, last) = (Vec::new(), format!("ACK {lines}\n"));
    while !told.ends_with(last.as_bytes()) {
        let mut bytes = [0; 512];
        let read = rig.sender.read(&mut bytes).unwrap();
        told.extend_from_slice(&bytes[..read]);
        rig.talks.attend_next(0);
        rig.go_on();
    }
    let told = String::from_utf8(told).unwrap();
    let (resume, acknowledgements) = told.split_once('\n').unwrap();
    let number = |line: &str| line.strip_prefix("ACK ").unwrap().parse().unwrap();
    let numbers: Vec<u64> = acknowledgements.lines().map(number).collect();
    assert!(resume == "RESUME 0" && numbers.is_sorted_by(|a, b| a < b));
    assert!(numbers.len() as u64 <= lines - 999, "{} of {lines}", numbers.len());
}

#[test]
fn who_sends_lines_before_their_number_is_refused() {
    let mut rig = Rig::new();
    rig.talks.take_in(0, b"line\n").unwrap();
    rig.talks.lose(0);
    rig.talks.reception.connect(0, Instant::now());
    rig.sender.write_all(b"MILLSTREAM 1 a\n").unwrap();
    while rig.talks.reception.reads(0) == Reads::Greeting {
        rig.talks.hear_next(0);
        rig.go_on();
    }
    assert_eq!(rig.talks.reception.reads(0), Reads::Nothing);
    rig.sender.write_all(b"line\n").unwrap();
    while !rig.connections.get_mut(&0).unwrap().transport().has_bytes() {}
    rig.logged.tell(&Reached::from([(SenderName::new("a").unwrap(), 1)]));
    rig.go_on();
    assert_eq!(rig.talks.reception.reads(0), Reads::Dropped);
    let mut told = [0; 64];
    let read = rig.sender.read(&mut told).unwrap();
    let told = String::from_utf8_lossy(&told[..read]);
    assert!(told.starts_with("RESUME 0\nREFUSE lines came before RESUME"), "{told}");
}
