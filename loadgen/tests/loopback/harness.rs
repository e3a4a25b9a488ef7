//! Readers for the tests: real sockets, and deadlines instead of sleeps.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use loadgen::{Data, Load};

/// Nothing in these tests takes so long, even on a slow machine that has other work.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// A load of this many records whose text is rendered at once.
pub(crate) fn small_load(records: u64) -> Load {
    Load { data: small_data(), records: Some(records), ..Load::default() }
}

pub(crate) fn small_data() -> Data {
    Data { text_bytes: 1 << 20, ..Data::default() }
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

/// A listener on a free port of this machine.
pub(crate) fn free_listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Dials a listener that is about to come up.
pub(crate) fn dial(address: SocketAddr) -> io::Result<TcpStream> {
    TcpStream::connect_timeout(&address, DEADLINE)
}

pub(crate) fn lines_in(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}
