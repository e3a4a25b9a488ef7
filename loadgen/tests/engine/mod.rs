//! The other side of acknowledged lines, as `docs/line-protocol.md` has it: an engine in a few threads
//! that goes wrong on request. What it has promised it keeps; everything else it may lose.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

/// What has come and is not synced is, once nothing more comes for so long.
const SYNCS_AFTER: Duration = Duration::from_millis(5);

/// A read brings at most so much, so that much can happen between the first line and the last.
const MOST_READ_BYTES: usize = 16 << 10;

/// What goes wrong, at random.
#[derive(Clone, Copy)]
pub(crate) struct Trouble {
    pub(crate) seed: u64,
    /// So many breaks and deaths at most, so that all comes to an end.
    pub(crate) most: u64,
    /// One in so many reads breaks its connection off.
    pub(crate) breaks_one_in: u64,
    /// One in so many kills the engine.
    pub(crate) dies_one_in: u64,
    /// One in so many syncs what has come, and acknowledges it.
    pub(crate) syncs_one_in: u64,
    /// Whether one process sends all: a line that comes again must be the same to the byte then.
    pub(crate) is_one_process: bool,
}

impl Trouble {
    /// Nothing goes wrong, and everything is acknowledged at once.
    #[allow(dead_code, reason = "each test program takes what it needs")]
    pub(crate) const NONE: Self = Self {
        seed: 0,
        most: 0,
        breaks_one_in: 1,
        dies_one_in: 1,
        syncs_one_in: 1,
        is_one_process: true,
    };
}

/// One sender's lines.
#[derive(Default)]
struct Sender {
    /// Without their newlines.
    lines: Vec<Vec<u8>>,
    /// So many of them are promised.
    durable: usize,
    /// The connection that speaks for the name.
    speaker: u64,
    /// Each line as it came first, whether it was kept then or not.
    first: Vec<Vec<u8>>,
}

struct State {
    senders: BTreeMap<String, Sender>,
    random: Xoshiro256PlusPlus,
    trouble: Trouble,
    /// How often it has died: connections of an earlier life are gone.
    deaths: u64,
    breaks: u64,
    /// So many connections find it dead still.
    dead_for: u64,
    is_over: bool,
}

pub(crate) struct Engine {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    accepting: JoinHandle<Vec<JoinHandle<()>>>,
}

/// What it has at its end.
#[allow(dead_code, reason = "each test program looks at what it needs")]
pub(crate) struct Got {
    /// By sender, without their newlines.
    pub(crate) lines: HashMap<String, Vec<Vec<u8>>>,
    pub(crate) deaths: u64,
    pub(crate) breaks: u64,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine {
    pub(crate) fn start(trouble: Trouble) -> Self {
        Self::start_on(TcpListener::bind("127.0.0.1:0").unwrap(), trouble)
    }

    pub(crate) fn start_on(listener: TcpListener, trouble: Trouble) -> Self {
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            senders: BTreeMap::new(),
            random: Xoshiro256PlusPlus::seed_from_u64(trouble.seed),
            trouble,
            deaths: 0,
            breaks: 0,
            dead_for: 0,
            is_over: false,
        }));
        let shared = state.clone();
        let accepting = thread::spawn(move || {
            let mut talking = Vec::new();
            for id in 1.. {
                let (stream, _) = listener.accept().unwrap();
                let mut state = lock(&shared);
                if state.is_over {
                    break;
                }
                if state.dead_for > 0 {
                    state.dead_for -= 1;
                    continue;
                }
                let deaths = state.deaths;
                let talk = Talk { id, deaths, stream, state: shared.clone() };
                talking.push(thread::spawn(move || talk.run()));
            }
            talking
        });
        Self { address, state, accepting }
    }

    pub(crate) fn target(&self) -> String {
        self.address.to_string()
    }

    /// How many lines have come of all senders, synced or not.
    #[allow(dead_code, reason = "each test program takes what it needs")]
    pub(crate) fn lines(&self) -> usize {
        lock(&self.state).senders.values().map(|sender| sender.lines.len()).sum()
    }

    /// For when the senders are gone. Fails if anything was against the protocol.
    pub(crate) fn finish(self) -> Got {
        lock(&self.state).is_over = true;
        TcpStream::connect(self.address).unwrap();
        let talking = self.accepting.join().unwrap();
        talking.into_iter().for_each(|talk| talk.join().unwrap());
        let mut state = lock(&self.state);
        let lines = std::mem::take(&mut state.senders).into_iter();
        let lines = lines.map(|(name, sender)| (name, sender.lines)).collect();
        Got { lines, deaths: state.deaths, breaks: state.breaks }
    }
}

/// One connection.
struct Talk {
    id: u64,
    /// The life that it belongs to.
    deaths: u64,
    stream: TcpStream,
    state: Arc<Mutex<State>>,
}

/// What comes of a look at what has come.
enum Next {
    GoOn,
    /// These words, and then on.
    Say(String),
    /// The connection is gone, for whatever reason.
    Gone,
}

impl Talk {
    fn run(mut self) {
        // A sender that is gone is none of its business.
        if let Err(error) = self.talk() {
            let gone =
                [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe, ErrorKind::UnexpectedEof];
            assert!(gone.contains(&error.kind()), "{error}");
        }
    }

    fn talk(&mut self) -> io::Result<()> {
        let mut reader = BufReader::new(self.stream.try_clone()?);
        let mut greeting = String::new();
        reader.read_line(&mut greeting)?;
        if greeting.is_empty() {
            return Ok(());
        }
        let name = greeting.strip_prefix("MILLSTREAM 1 ").and_then(|name| name.strip_suffix('\n'));
        let name = name.unwrap_or_else(|| panic!("{greeting:?} is no greeting")).to_owned();
        assert!(reader.buffer().is_empty(), "lines come before RESUME");
        let Some(next) = self.greet(&name) else { return Ok(()) };
        self.stream.write_all(format!("RESUME {next}\n").as_bytes())?;

        self.stream.set_read_timeout(Some(SYNCS_AFTER))?;
        let (mut buffer, mut line) = (vec![0; MOST_READ_BYTES], Vec::new());
        loop {
            let read = match self.stream.read(&mut buffer) {
                Ok(read) => Some(read),
                Err(error)
                    if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) =>
                {
                    None
                }
                Err(error) => return Err(error),
            };
            let next = match read {
                Some(0) => {
                    if let Next::Say(words) = self.sync(&name) {
                        self.stream.write_all(words.as_bytes())?;
                    }
                    return Ok(());
                }
                Some(bytes) => self.take_in(&name, &buffer[..bytes], &mut line),
                None => self.sync(&name),
            };
            match next {
                Next::GoOn => {}
                Next::Say(words) => self.stream.write_all(words.as_bytes())?,
                Next::Gone => return Ok(()),
            }
        }
    }

    /// Syncs what an older connection has brought, and gives the number of the next line.
    fn greet(&self, name: &str) -> Option<usize> {
        let mut state = lock(&self.state);
        if state.deaths != self.deaths {
            return None;
        }
        let sender = state.senders.entry(name.to_owned()).or_default();
        if sender.speaker > self.id {
            return None;
        }
        sender.speaker = self.id;
        sender.durable = sender.lines.len();
        Some(sender.durable)
    }

    fn take_in(&self, name: &str, bytes: &[u8], line: &mut Vec<u8>) -> Next {
        let mut state = lock(&self.state);
        let state = &mut *state;
        let sender = state.senders.get_mut(name).unwrap();
        if state.deaths != self.deaths || sender.speaker != self.id {
            return Next::Gone;
        }
        let Trouble { most, breaks_one_in, dies_one_in, syncs_one_in, .. } = state.trouble;
        let is_one_process = state.trouble.is_one_process;
        for &byte in bytes {
            if byte != b'\n' {
                line.push(byte);
                continue;
            }
            let number = sender.lines.len();
            match sender.first.get(number) {
                None => sender.first.push(line.clone()),
                Some(first) => assert!(
                    !is_one_process || first == line,
                    "{name}: line {number} is another one now"
                ),
            }
            sender.lines.push(std::mem::take(line));
        }
        let may_go_wrong = state.deaths + state.breaks < most;
        if may_go_wrong && state.random.random_range(0..dies_one_in) == 0 {
            state.deaths += 1;
            state.dead_for = state.random.random_range(0..3);
            for sender in state.senders.values_mut() {
                sender.lines.truncate(sender.durable);
            }
            return Next::Gone;
        }
        if may_go_wrong && state.random.random_range(0..breaks_one_in) == 0 {
            state.breaks += 1;
            return Next::Gone;
        }
        match state.random.random_range(0..syncs_one_in) {
            0 => sync(sender),
            _ => Next::GoOn,
        }
    }

    fn sync(&self, name: &str) -> Next {
        let mut state = lock(&self.state);
        let is_gone = state.deaths != self.deaths;
        let sender = state.senders.get_mut(name).unwrap();
        if is_gone || sender.speaker != self.id { Next::Gone } else { sync(sender) }
    }
}

fn sync(sender: &mut Sender) -> Next {
    let lines = sender.lines.len();
    if std::mem::replace(&mut sender.durable, lines) == lines {
        return Next::GoOn;
    }
    Next::Say(format!("ACK {lines}\n"))
}
