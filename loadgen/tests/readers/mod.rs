//! Readers of what is sent, over real sockets, with a deadline instead of sleeps.

use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use loadgen::{Load, Stop, Summary, send};

/// Nothing in these tests takes so long, even on a slow machine that has other work.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// A listener on a free port of this machine.
pub(crate) fn free_listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Reads what one connection gets, to its end.
pub(crate) fn read_all(stream: TcpStream) -> Vec<u8> {
    read_to_end(stream).expect("the generator closes cleanly, in time")
}

/// The same of one that may end otherwise.
pub(crate) fn read_to_end(mut stream: TcpStream) -> io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(DEADLINE))?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Ok(bytes)
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
