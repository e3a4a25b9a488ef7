//! Clients that send a case's lines to its listeners.

use std::collections::VecDeque;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration as StdDuration, Instant};

use millstream::{ManualClock, Running, Time};

use crate::case::Case;
use crate::input;
use crate::program::Source;
use crate::run::BLOCK_INTERVAL;
use crate::seed::Random;

const MOST_CONNECTIONS: usize = 3;

/// Bytes that have not been taken in by then are lost.
const PATIENCE: StdDuration = StdDuration::from_secs(30);

/// How long to wait after a block's end before the next one: at first, and at most.
const FIRST_WAIT: StdDuration = StdDuration::from_micros(100);
const LONGEST_WAIT: StdDuration = StdDuration::from_millis(4);
const LOOK_EVERY: StdDuration = StdDuration::from_micros(20);

/// Time enough for early work to come before its batch's turn, if the machine is not busy.
const HEAD_START: StdDuration = StdDuration::from_micros(500);

/// The connections of a case, and how far they are.
pub(crate) struct Sockets {
    /// By socket source.
    connections: Vec<(usize, Vec<TcpStream>)>,
    /// Bytes of whole lines sent so far.
    whole_bytes: u64,
}

/// What is still to be written to a connection in this batch, and the bytes of its line that is not
/// whole.
struct Pending<'s> {
    stream: &'s mut TcpStream,
    writes: VecDeque<Vec<u8>>,
    unfinished: u64,
}

impl Sockets {
    pub(crate) fn connect(case: &Case, listening: &[SocketAddr], random: &mut Random) -> Self {
        let sources = (0..case.input.len()).filter(|&i| case.program.sources[i] == Source::Socket);
        let mut connect = |address: &SocketAddr| {
            let dial = |_| TcpStream::connect(address).expect("the source listens there");
            (0..1 + random.below(MOST_CONNECTIONS)).map(dial).collect()
        };
        let connections =
            sources.zip(listening).map(|(source, address)| (source, connect(address))).collect();
        Sockets { connections, whole_bytes: 0 }
    }

    /// Sends the lines of a batch that is due at `due`, and returns when the engine has taken them
    /// in, before that time.
    pub(crate) fn send(
        &mut self,
        case: &Case,
        batch: usize,
        random: &mut Random,
        (running, clock): (&Running, &ManualClock),
        due: Time,
    ) {
        let mut pending = Vec::new();
        for (source, streams) in &mut self.connections {
            let lines = &case.input[*source][batch];
            let each = lines.len().div_ceil(streams.len());
            for (i, stream) in streams.iter_mut().enumerate() {
                let end = ((i + 1) * each).min(lines.len());
                let lines = &lines[(i * each).min(end)..end];
                let writes = input::writes(random, lines).into();
                pending.push(Pending { stream, writes, unfinished: 0 });
            }
        }
        while !pending.is_empty() {
            let next = random.below(pending.len());
            match pending[next].write() {
                Some(whole_bytes) => self.whole_bytes += whole_bytes,
                None => drop(pending.swap_remove(next)),
            }
            if random.one_in(2) {
                wait_until_stored(self.whole_bytes, running, clock, due);
            }
        }
        wait_until_stored(self.whole_bytes, running, clock, due);
        if !self.connections.is_empty() && random.one_in(2) {
            thread::sleep(HEAD_START);
        }
    }
}

impl Pending<'_> {
    /// Writes once, and gives the bytes of the lines that became whole by it; `None` if there is
    /// nothing left to write.
    fn write(&mut self) -> Option<u64> {
        let bytes = self.writes.pop_front()?;
        self.stream.write_all(&bytes).expect("the source reads until it is stopped");
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
        self.unfinished += bytes.len() as u64;
        if whole == 0 {
            return Some(0);
        }
        let left = (bytes.len() - whole) as u64;
        Some(std::mem::replace(&mut self.unfinished, left) - left)
    }
}

/// Ends one block after the other until all `bytes` are in blocks that have ended.
fn wait_until_stored(bytes: u64, running: &Running, clock: &ManualClock, due: Time) {
    let started = Instant::now();
    let mut wait = FIRST_WAIT;
    while running.received_bytes() < bytes {
        assert!(started.elapsed() < PATIENCE, "bytes that were sent are not taken in");
        if clock.now() + BLOCK_INTERVAL < due {
            clock.advance(BLOCK_INTERVAL);
        }
        let looked = Instant::now();
        while running.received_bytes() < bytes && looked.elapsed() < wait {
            thread::sleep(LOOK_EVERY);
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
    assert_eq!(running.received_bytes(), bytes, "the engine stores what was sent and no more");
}
