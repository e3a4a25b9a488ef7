//! A reader of any number of connections, in one thread.

use std::collections::HashMap;
use std::io::{ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use loadgen::listen;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

const LISTENER: Token = Token(usize::MAX);

/// Reads all that comes, until it is told that no more will.
pub(crate) struct Sink {
    pub(crate) address: String,
    read_bytes: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
    reading: JoinHandle<Vec<u8>>,
}

/// What the thread has.
struct Reading {
    poll: Poll,
    listener: TcpListener,
    connections: HashMap<usize, (TcpStream, Vec<u8>)>,
    accepted: usize,
    buffer: Vec<u8>,
    /// What has come over connections that have ended, one after the other.
    ended: Vec<u8>,
    read_bytes: Arc<AtomicU64>,
}

impl Sink {
    pub(crate) fn start() -> Self {
        // Its queue is long enough for thousands that dial at once.
        let listener = listen("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let mut listener = TcpListener::from_std(listener);
        let address = listener.local_addr().unwrap().to_string();
        let poll = Poll::new().unwrap();
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE).unwrap();
        let read_bytes = Arc::new(AtomicU64::new(0));
        let reading = Reading {
            poll,
            listener,
            connections: HashMap::new(),
            accepted: 0,
            buffer: vec![0; 256 << 10],
            ended: Vec::new(),
            read_bytes: read_bytes.clone(),
        };
        let is_over = Arc::new(AtomicBool::new(false));
        let seen = is_over.clone();
        Self { address, read_bytes, is_over, reading: thread::spawn(move || reading.run(&seen)) }
    }

    /// Bytes read so far.
    pub(crate) fn read_bytes(&self) -> u64 {
        self.read_bytes.load(Ordering::SeqCst)
    }

    /// All that has come, connection by connection; for when the sender is gone.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.is_over.store(true, Ordering::SeqCst);
        self.reading.join().unwrap()
    }
}

impl Reading {
    fn run(mut self, is_over: &AtomicBool) -> Vec<u8> {
        let mut events = Events::with_capacity(1024);
        loop {
            // First whether it is over, and then what has come by then.
            let is_over = is_over.load(Ordering::SeqCst);
            self.poll.poll(&mut events, Some(Duration::from_millis(20))).unwrap();
            if events.is_empty() && is_over && self.connections.is_empty() {
                return self.ended;
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.accept(),
                    Token(connection) => self.read(connection),
                }
            }
        }
    }

    fn accept(&mut self) {
        while let Ok((mut stream, _)) = self.listener.accept() {
            let token = Token(self.accepted);
            self.poll.registry().register(&mut stream, token, Interest::READABLE).unwrap();
            self.connections.insert(self.accepted, (stream, Vec::new()));
            self.accepted += 1;
        }
    }

    fn read(&mut self, connection: usize) {
        let Some((stream, bytes)) = self.connections.get_mut(&connection) else { return };
        let is_open = loop {
            match stream.read(&mut self.buffer) {
                Ok(0) => break false,
                Ok(read) => {
                    self.read_bytes.fetch_add(read as u64, Ordering::SeqCst);
                    bytes.extend_from_slice(&self.buffer[..read]);
                }
                Err(error) => break error.kind() == ErrorKind::WouldBlock,
            }
        };
        if !is_open {
            let (_, bytes) = self.connections.remove(&connection).unwrap();
            self.ended.extend(bytes);
        }
    }
}
