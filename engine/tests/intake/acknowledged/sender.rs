//! A sender as `docs/line-protocol.md` wants it. It does nothing by itself: a test says when it dials, sends and
//! listens.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread::{JoinHandle, spawn, yield_now};

use crate::rig::{client_of, wait_until};

pub(super) struct Sender {
    name: String,
    /// What it says in front of its greeting.
    token_line: String,
    link: Option<TcpStream>,
    heard: Vec<u8>,
    is_answered: bool,
    /// The number of the line that is sent next.
    pub(super) next: u64,
    most_sent: u64,
    /// Lines below this are acknowledged.
    pub(super) acknowledged: u64,
    /// What it was refused with.
    pub(super) refusal: Option<String>,
    /// The other side has closed the connection.
    pub(super) is_over: bool,
}

impl Sender {
    pub(super) fn new(name: &str) -> Self {
        Sender {
            name: name.into(),
            token_line: String::new(),
            link: None,
            heard: Vec::new(),
            is_answered: false,
            next: 0,
            most_sent: 0,
            acknowledged: 0,
            refusal: None,
            is_over: false,
        }
    }

    /// One that knows a secret.
    pub(super) fn with_token(self, secret: &str) -> Self {
        Sender { token_line: format!("TOKEN {secret}\n"), ..self }
    }

    /// The line of a number.
    pub(super) fn line(&self, number: u64) -> String {
        format!("{} {number}", self.name)
    }

    /// The lines that were ever sent whole.
    pub(super) fn lines(&self) -> Vec<String> {
        (0..self.most_sent).map(|number| self.line(number)).collect()
    }

    /// Dials and greets. What it had before is broken off.
    pub(super) fn dial(&mut self, address: SocketAddr) {
        let mut link = client_of(address);
        writeln!(link, "{}MILLSTREAM 1 {}", self.token_line, self.name).expect("the engine reads");
        link.set_nonblocking(true).expect("a socket takes options");
        *self = self.apart();
        self.link = Some(link);
    }

    /// What it remembers without a connection, as its successor does.
    pub(super) fn apart(&self) -> Self {
        Sender {
            most_sent: self.most_sent,
            acknowledged: self.acknowledged,
            token_line: self.token_line.clone(),
            ..Sender::new(&self.name)
        }
    }

    /// Dials, and waits for the number that it goes on with.
    pub(super) fn greet(&mut self, address: SocketAddr) -> u64 {
        self.dial(address);
        wait_until("RESUME", || {
            self.listen();
            self.is_answered.then_some(())
        });
        self.next
    }

    /// Sends so many lines, if it knows their numbers.
    pub(super) fn send(&mut self, lines: u64) {
        if self.is_answered && !self.is_over {
            let numbers = self.next..self.next + lines;
            let text: String = numbers.clone().map(|n| self.line(n) + "\n").collect();
            self.next = numbers.end;
            self.most_sent = self.most_sent.max(self.next);
            self.write(text.as_bytes());
        }
    }

    /// Sends a line that is not the one of its number.
    pub(super) fn send_text(&mut self, line: &[u8]) {
        self.next += line.iter().filter(|&&byte| byte == b'\n').count() as u64;
        self.most_sent = self.most_sent.max(self.next);
        self.write(line);
    }

    /// Sends the beginning of a line, and breaks off.
    pub(super) fn break_within_a_line(&mut self) {
        if self.is_answered {
            self.write(b"torn");
        }
        self.link = None;
    }

    /// Sends text from another thread, however long that takes.
    pub(super) fn send_aside(&mut self, text: Vec<u8>) -> JoinHandle<()> {
        self.next += text.iter().filter(|&&byte| byte == b'\n').count() as u64;
        let link = self.link.as_ref().expect("it has dialled");
        let mut link = link.try_clone().expect("there are descriptors");
        spawn(move || write_all(&mut link, &text))
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(link) = &mut self.link {
            write_all(link, bytes);
        }
    }

    /// Says that no more will come.
    pub(super) fn half_close(&self) {
        let link = self.link.as_ref().expect("it has dialled");
        link.shutdown(Shutdown::Write).expect("it is connected");
    }

    /// Waits until the other side closes.
    pub(super) fn wait_for_end(&mut self) {
        wait_until("the end of the connection", || {
            self.listen();
            self.is_over.then_some(())
        });
    }

    /// Understands what has come.
    pub(super) fn listen(&mut self) {
        let mut bytes = [0; 4096];
        while let Some(link) = &mut self.link {
            match link.read(&mut bytes) {
                Ok(n) if n > 0 => self.heard.extend_from_slice(&bytes[..n]),
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                _ => {
                    self.is_over = true;
                    self.link = None;
                }
            }
        }
        while let Some(end) = self.heard.iter().position(|&byte| byte == b'\n') {
            let answer: Vec<u8> = self.heard.drain(..=end).collect();
            self.understand(std::str::from_utf8(&answer[..end]).expect("answers are UTF-8"));
        }
    }

    fn understand(&mut self, answer: &str) {
        let (word, rest) = answer.split_once(' ').expect("an answer has two parts");
        let number = || rest.parse::<u64>().expect("a number");
        match word {
            "RESUME" => {
                assert!(!self.is_answered, "{}: a second RESUME", self.name);
                self.next = number();
                let may_be = self.acknowledged..=self.most_sent;
                assert!(may_be.contains(&self.next), "{}: {answer}, not {may_be:?}", self.name);
                self.is_answered = true;
                self.acknowledged = self.next;
            }
            "ACK" => {
                let may_be = self.acknowledged + 1..=self.next;
                assert!(may_be.contains(&number()), "{}: {answer}, not {may_be:?}", self.name);
                self.acknowledged = number();
            }
            "REFUSE" => self.refusal = Some(rest.into()),
            _ => panic!("{}: {answer}", self.name),
        }
    }
}

/// Writes until all is written, or the connection is broken.
fn write_all(link: &mut TcpStream, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match link.write(bytes) {
            Ok(n) => bytes = &bytes[n..],
            Err(e) if e.kind() == ErrorKind::WouldBlock => yield_now(),
            Err(_) => return,
        }
    }
}
