//! Loads for the tests, clients, and readers of as many connections as come.

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

pub(crate) use crate::readers::{
    DEADLINE, accept_and_read, free_listener, read_all, read_to_end, send_and_read,
};
use loadgen::{Data, Load};
use nix::sys::socket::{setsockopt, sockopt};

/// A load of this many records whose text is rendered at once.
pub(crate) fn small_load(records: u64) -> Load {
    Load { data: small_data(), records: Some(records), ..Load::default() }
}

pub(crate) fn small_data() -> Data {
    Data { text_bytes: 1 << 20, ..Data::default() }
}

/// What a test sends to its own readers after the last connection.
const OVER: &[u8] = b"over";

/// Accepts and reads connections until it is told that no more will come.
pub(crate) struct Readers {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
    accepting: JoinHandle<Vec<JoinHandle<io::Result<Vec<u8>>>>>,
}

impl Readers {
    pub(crate) fn start() -> Self {
        let (listener, address) = free_listener();
        let is_over = Arc::new(AtomicBool::new(false));
        let seen = is_over.clone();
        let accepting = thread::spawn(move || {
            let mut readers = Vec::new();
            loop {
                let (stream, _) = listener.accept().unwrap();
                let is_over = seen.load(Ordering::SeqCst);
                let reader = thread::spawn(|| read_to_end(stream));
                if !is_over {
                    readers.push(reader);
                    continue;
                }
                // The last connections may be waiting still, before the one that says so.
                let read = reader.join().unwrap();
                if matches!(&read, Ok(bytes) if bytes == OVER) {
                    return readers;
                }
                readers.push(thread::spawn(|| read));
            }
        });
        Self { address, is_over, accepting }
    }

    pub(crate) fn target(&self) -> String {
        self.address.to_string()
    }

    /// What each connection got, and how it ended, in the order in which they came.
    pub(crate) fn finish(self) -> Vec<io::Result<Vec<u8>>> {
        self.is_over.store(true, Ordering::SeqCst);
        dial(self.address).unwrap().write_all(OVER).unwrap();
        let readers = self.accepting.join().unwrap();
        readers.into_iter().map(|reader| reader.join().unwrap()).collect()
    }
}

/// A listener whose connections have a receive buffer of about so many bytes.
pub(crate) fn listener_with_buffer(bytes: usize) -> (TcpListener, SocketAddr) {
    let (listener, address) = free_listener();
    setsockopt(&listener, sockopt::RcvBuf, &bytes).unwrap();
    (listener, address)
}

/// Dials a listener that is about to come up.
pub(crate) fn dial(address: SocketAddr) -> io::Result<TcpStream> {
    TcpStream::connect_timeout(&address, DEADLINE)
}

pub(crate) fn lines_in(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}
