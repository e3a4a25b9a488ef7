//! A connection that carries messages, none of whose calls waits for ever.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::message::most_bytes;
use crate::frame::{Arriving, CRC_BYTES, Flaw, HEADER_BYTES, Header, Salt, write_frame};

/// How long a call of the system waits before it is looked whether to go on.
const LOOK: Duration = Duration::from_millis(10);

/// For how long is waited.
pub(super) struct Patience<'a> {
    /// For so long nothing may move.
    pub(super) silence: Duration,
    /// When all must be over.
    pub(super) until: Option<Instant>,
    /// Whether it is over now.
    pub(super) given_up: &'a dyn Fn() -> bool,
}

/// Two rows of messages.
pub(super) struct Wire {
    pub(super) mouth: Mouth,
    pub(super) ear: Ear,
}

/// The row that is sent.
pub(super) struct Mouth {
    stream: Arc<TcpStream>,
    /// The sequence of the next message.
    sent: u64,
}

/// The row that comes.
pub(super) struct Ear {
    stream: Arc<TcpStream>,
    /// The sequence of the next message.
    received: u64,
    /// What a message of a kind may have.
    most_bytes: fn(u8) -> Option<usize>,
    /// What came behind the last header; it keeps the length of the longest.
    buffer: Vec<u8>,
    payload_bytes: usize,
}

impl Wire {
    /// The wire to somebody who has shown nothing yet, of whom messages of these lengths are taken.
    pub(super) fn new(stream: TcpStream, most_bytes: fn(u8) -> Option<usize>) -> io::Result<Wire> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LOOK))?;
        stream.set_write_timeout(Some(LOOK))?;
        let stream = Arc::new(stream);
        let mouth = Mouth { stream: stream.clone(), sent: 0 };
        let ear = Ear { stream, received: 0, most_bytes, buffer: Vec::new(), payload_bytes: 0 };
        Ok(Wire { mouth, ear })
    }
}

impl Mouth {
    /// Sends a message whose payload has these parts; answers its sequence.
    pub(super) fn send(
        &mut self,
        kind: u8,
        parts: &[&[u8]],
        patience: &Patience<'_>,
    ) -> io::Result<u64> {
        let header = Header::of(kind, self.sent, 0, parts).ok_or(ErrorKind::InvalidInput)?;
        write_frame(&mut Waiting::on(&self.stream, patience), Salt::NONE, header, parts)?;
        self.sent += 1;
        Ok(self.sent - 1)
    }

    /// Sends nothing more, and says so.
    pub(super) fn close(&self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }
}

impl Ear {
    /// The other side has shown that it knows the token: what it says may be long from now on.
    pub(super) fn trust(&mut self) {
        self.most_bytes = most_bytes;
    }

    /// The next message: its kind and its sequence. [`payload`](Ear::payload) has the rest.
    pub(super) fn receive(&mut self, patience: &Patience<'_>) -> io::Result<(u8, u64)> {
        let misfit = |sentence: String| io::Error::new(ErrorKind::InvalidData, sentence);
        let mut waiting = Waiting::on(&self.stream, patience);
        let mut header = [0; HEADER_BYTES];
        let (beginning, behind) = header.split_at_mut(Arriving::BEGINNING.len());
        // Who sends lines may never send a whole header.
        waiting.read_exact(beginning)?;
        if *beginning != Arriving::BEGINNING {
            return Err(misfit(Flaw::NoFrame.to_string()));
        }
        waiting.read_exact(behind)?;
        let arriving = Arriving::of(&header).map_err(|flaw| misfit(flaw.to_string()))?;
        let (kind, bytes) = (arriving.kind(), arriving.payload_bytes());
        if (self.most_bytes)(kind).is_none_or(|most| bytes > most) {
            return Err(misfit(format!("a message of kind {kind} may not have {bytes} bytes")));
        }
        if arriving.sequence() != self.received {
            let (next, got) = (self.received, arriving.sequence());
            return Err(misfit(format!("message {next} was expected, and it is message {got}")));
        }
        self.payload_bytes = bytes;
        if self.buffer.len() < bytes + CRC_BYTES {
            self.buffer.resize(bytes + CRC_BYTES, 0);
        }
        let rest = &mut self.buffer[..bytes + CRC_BYTES];
        waiting.read_exact(rest)?;
        let (payload, sum) = rest.split_at(bytes);
        arriving.check(payload, sum).map_err(|flaw| misfit(flaw.to_string()))?;
        self.received += 1;
        Ok((kind, self.received - 1))
    }

    pub(super) fn payload(&self) -> &[u8] {
        &self.buffer[..self.payload_bytes]
    }
}

/// The stream, as one on which calls wait as long as there is patience.
struct Waiting<'a> {
    stream: &'a TcpStream,
    patience: &'a Patience<'a>,
    moved: Instant,
    /// So much has come that was not read yet.
    unread: usize,
}

/// So much that has come is looked at by who waits for room; it is as many signs of life as come in 600 time limits.
const LOOKED_AT_BYTES: usize = 64 << 10;

impl<'a> Waiting<'a> {
    fn on(stream: &'a TcpStream, patience: &'a Patience<'a>) -> Self {
        Waiting { stream, patience, moved: Instant::now(), unread: 0 }
    }

    fn wait<R>(
        &mut self,
        waits_for_room: bool,
        mut act: impl FnMut(&TcpStream) -> io::Result<R>,
    ) -> io::Result<R> {
        loop {
            // Who never lets the system wait is not waited for either.
            if self.patience.until.is_some_and(|until| Instant::now() >= until) {
                return Err(too_long("it took too long"));
            }
            match act(self.stream) {
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    if (self.patience.given_up)() {
                        return Err(too_long("the wait was given up"));
                    }
                    if self.moved.elapsed() < self.patience.silence {
                        continue;
                    }
                    if waits_for_room && self.has_heard_more() {
                        self.moved = Instant::now();
                        continue;
                    }
                    let silence = self.patience.silence.as_millis();
                    return Err(too_long(&format!("nothing has moved for {silence} ms")));
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                other => {
                    self.moved = Instant::now();
                    return other;
                }
            }
        }
    }

    /// Whether more has come than the last time: who takes nothing may be at something, and say so.
    fn has_heard_more(&mut self) -> bool {
        let come = self.stream.peek(&mut vec![0; LOOKED_AT_BYTES]).unwrap_or_default();
        let before = std::mem::replace(&mut self.unread, come);
        come > before
    }
}

fn too_long(sentence: &str) -> io::Error {
    io::Error::new(ErrorKind::TimedOut, sentence)
}

impl Read for Waiting<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.wait(false, |mut stream| stream.read(bytes))
    }
}

impl Write for Waiting<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.wait(true, |mut stream| stream.write(bytes))
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.wait(true, |mut stream| stream.write_vectored(parts))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
