//! Runs, what they tell, and other sides that follow a script.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use loadgen::{Acknowledged, Data, Event, Load, Stop, Summary, send};

/// What is sent under.
pub(crate) const NAME: &str = "tested";

/// Nothing in these tests takes so long, even on a slow machine that has other work.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Acknowledged lines, so many over three connections.
pub(crate) fn load(records: u64) -> Load {
    Load {
        data: Data { text_bytes: 1 << 20, ..Data::default() },
        records: Some(records),
        connections: 3,
        sender: Some(NAME.parse().unwrap()),
        ..Load::default()
    }
}

/// The same over one connection.
pub(crate) fn single(records: u64) -> Load {
    Load { connections: 1, ..load(records) }
}

/// A run's summary, and the sentences that were told.
pub(crate) fn run(target: &str, load: &Load) -> (Summary, Vec<String>) {
    run_until(&[target.to_owned()], load, &Stop::new())
}

pub(crate) fn run_until(targets: &[String], load: &Load, stop: &Stop) -> (Summary, Vec<String>) {
    let mut notes = Vec::new();
    let summary = send(targets, load, stop, |event| {
        if let Event::Note(sentence) = event {
            notes.push(sentence.to_owned());
        }
    })
    .unwrap();
    (summary, notes)
}

pub(crate) fn acknowledged(summary: &Summary) -> &Acknowledged {
    summary.acknowledged.as_ref().unwrap()
}

/// One connection of an other side that does as a test says.
pub(crate) struct Peer {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
    /// The name that it was greeted with.
    pub(crate) name: String,
}

impl Peer {
    /// The next connection, which has greeted.
    pub(crate) fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut greeting = String::new();
        reader.read_line(&mut greeting).unwrap();
        let name = greeting.trim_end().strip_prefix("MILLSTREAM 1 ").unwrap().to_owned();
        Self { stream, reader, name }
    }

    /// The next connection, which goes on with this line.
    pub(crate) fn resume(listener: &TcpListener, next: u64) -> Self {
        let mut peer = Self::accept(listener);
        peer.say(&format!("RESUME {next}"));
        peer
    }

    pub(crate) fn say(&mut self, words: &str) {
        self.stream.write_all(format!("{words}\n").as_bytes()).unwrap();
    }

    /// The next lines.
    pub(crate) fn read(&mut self, lines: usize) -> Vec<String> {
        let line = |_| {
            let mut line = String::new();
            self.reader.read_line(&mut line).unwrap();
            line.strip_suffix('\n').expect("a whole line").to_owned()
        };
        (0..lines).map(line).collect()
    }

    /// All that comes until the sender closes its direction, or the connection is broken off.
    pub(crate) fn read_to_the_end(&mut self) -> usize {
        let mut lines = 0;
        while self.reader.read_line(&mut String::new()).is_ok_and(|bytes| bytes > 0) {
            lines += 1;
        }
        lines
    }
}

/// An other side in a thread.
pub(crate) fn with_peer<T: Send + 'static>(
    script: impl FnOnce(&TcpListener) -> T + Send + 'static,
) -> (String, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (address, thread::spawn(move || script(&listener)))
}

/// An address where nothing listens.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Looks again and again until it is so.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let gives_up = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < gives_up, "{what} took more than {DEADLINE:?}");
        thread::park_timeout(Duration::from_millis(5));
    }
}
