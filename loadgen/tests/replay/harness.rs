//! Files to replay and readers of what is sent.

use std::fs;
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use loadgen::{Load, Replay, Stop, Summary, send};
use tempfile::TempDir;

/// Nothing in these tests takes so long, even on a slow machine that has other work.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// A folder of its own with a file in it.
pub(crate) struct Recorded {
    pub(crate) folder: TempDir,
    pub(crate) content: Vec<u8>,
}

impl Recorded {
    pub(crate) fn of(content: impl Into<Vec<u8>>) -> Self {
        let recorded = Self { folder: TempDir::new().unwrap(), content: content.into() };
        fs::write(recorded.path(), &recorded.content).unwrap();
        recorded
    }

    pub(crate) fn path(&self) -> Box<Path> {
        self.folder.path().join("access.log").into()
    }

    pub(crate) fn replay(&self) -> Replay {
        Replay::of(&*self.path())
    }

    pub(crate) fn lines(&self) -> Vec<&[u8]> {
        self.content.split_inclusive(|&byte| byte == b'\n').collect()
    }

    /// What a connection is to get: line n goes to connection n modulo their number.
    pub(crate) fn share(&self, connection: usize, connections: usize) -> Vec<u8> {
        self.lines().into_iter().skip(connection).step_by(connections).flatten().copied().collect()
    }
}

/// Lines of different lengths, some empty, some with `\r`; together larger than a chunk.
pub(crate) fn many_lines() -> Vec<u8> {
    let line = |nth: usize| match nth % 7 {
        0 => "\n".to_owned(),
        1 => format!("{nth} as Windows ends it\r\n"),
        _ => format!("{nth} {}\n", "to be or not to be, ".repeat(nth % 13)),
    };
    (0..100_000).map(line).collect::<String>().into_bytes()
}

/// A listener on a free port of this machine.
pub(crate) fn free_listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Reads what one connection gets, to its end.
pub(crate) fn read_all(mut stream: TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("the generator closes cleanly, in time");
    bytes
}

/// Accepts so many connections and reads each to its end, in the order in which they came.
pub(crate) fn accept_and_read(
    listener: TcpListener,
    connections: usize,
) -> JoinHandle<Vec<Vec<u8>>> {
    thread::spawn(move || {
        let streams: Vec<_> = (0..connections).map(|_| listener.accept().unwrap().0).collect();
        let readers: Vec<_> =
            streams.into_iter().map(|stream| thread::spawn(|| read_all(stream))).collect();
        readers.into_iter().map(|reader| reader.join().unwrap()).collect()
    })
}

/// What each of the load's connections gets from `send`, and the summary.
pub(crate) fn send_and_read(load: &Load) -> (Vec<Vec<u8>>, Summary) {
    let (listener, address) = free_listener();
    let readers = accept_and_read(listener, load.connections);
    let summary = send(&[address.to_string()], load, &Stop::new(), |_| {}).unwrap();
    (readers.join().unwrap(), summary)
}
