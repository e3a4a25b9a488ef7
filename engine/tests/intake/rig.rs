//! A running engine in a test's hands: bytes in, batches out.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::sleep;
use std::time::{Duration as StdDuration, Instant};

use millstream::progress::{BatchReport, LineCounts};
use millstream::testing::Collector;
use millstream::{
    BoxError, Conf, Duration, Engine, ManualClock, Running, Scope, StreamingContext, Time, millis,
    secs,
};

use crate::ear::Ear;

/// Whatever a test waits for and has not seen by then fails it.
pub(crate) const PATIENCE: StdDuration = StdDuration::from_secs(30);

/// How often batches are cut: so rarely that a test can move the clock by many blocks within one.
pub(crate) const BATCH: Duration = secs(100);

/// How often blocks close.
pub(crate) const BLOCK: Duration = millis(10);

/// The settings of most tests.
pub(crate) fn conf() -> Conf {
    Conf::new("intake").parallelism(2).block_interval(BLOCK).warnings_on_stderr(false)
}

/// Waits until `look` finds something, for as long as a test is patient.
pub(crate) fn wait_until<R>(what: &str, mut look: impl FnMut() -> Option<R>) -> R {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "waited in vain: {what}");
        sleep(StdDuration::from_millis(1));
    }
}

/// A running engine under a clock that is moved by hand, with what it collected.
pub(crate) struct Rig<T = String> {
    pub(crate) hand: ManualClock,
    pub(crate) running: Running,
    pub(crate) engine: Engine,
    pub(crate) ear: Ear,
    out: Collector<T>,
}

impl Rig {
    /// Collects the lines of one listener.
    pub(crate) fn of_lines(conf: Conf) -> Self {
        Rig::start(conf, |s, out| {
            out.collect(&s.listen_text_stream(":0").map(str::to_owned));
            Ok(())
        })
    }

    /// Collects the lines of a server that is dialled.
    pub(crate) fn dialling(address: SocketAddr) -> Self {
        Rig::start(conf(), move |s, out| {
            out.collect(&s.socket_text_stream(address.to_string()).map(str::to_owned));
            Ok(())
        })
    }
}

impl<T: Send + 'static> Rig<T> {
    /// Starts what `setup` describes at time zero.
    pub(crate) fn start(
        conf: Conf,
        setup: impl for<'b> Fn(&Scope<'b>, &Collector<T>) -> Result<(), BoxError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let (hand, ear, out) = (ManualClock::at(Time::default()), Ear::default(), Collector::new());
        let conf = conf.clock(hand.clone()).listener(ear.clone());
        let ssc = StreamingContext::new(conf, BATCH).expect("the settings are right");
        let collected = out.clone();
        let running = ssc.start(move |s| setup(s, &collected)).expect("it starts");
        Rig { hand, running, engine: ssc.engine(), ear, out }
    }

    /// A client of the first listener, every write of which goes out at once.
    pub(crate) fn client(&self) -> TcpStream {
        self.client_of_listener(0)
    }

    /// The same of another listener.
    pub(crate) fn client_of_listener(&self, number: usize) -> TcpStream {
        client_of(self.running.listening()[number])
    }

    /// Sends `bytes` over a connection of its own, closes it, and waits until everything is in.
    pub(crate) fn send(&self, bytes: &[u8]) {
        let ends = self.ear.disconnected();
        self.client().write_all(bytes).expect("the engine reads");
        self.ear.wait_for_ends(ends + 1);
    }

    /// Waits until the receiver has come round: what was written before has been read.
    pub(crate) fn come_round(&self) {
        self.send(b"");
    }

    /// Moves the clock on by blocks, within the batch, until `bytes` bytes of lines are in.
    pub(crate) fn close_blocks_until(&self, bytes: u64) {
        let batch = self.hand.now().floor(BATCH);
        wait_until("bytes to be received", || {
            self.hand.advance(BLOCK);
            assert_eq!(self.hand.now().floor(BATCH), batch, "the batch is still open");
            (self.running.received_bytes() >= bytes).then_some(())
        });
    }

    /// Moves the clock to the next tick and gives what the batch collected.
    pub(crate) fn batch(&self) -> Vec<T> {
        let tick = self.hand.now().floor(BATCH) + BATCH;
        self.hand.advance(tick - self.hand.now());
        self.running.wait_for_batch(tick, secs(30)).expect("the batch ends");
        let batches = self.out.take().into_iter().filter(|(time, _)| *time == tick);
        batches.flat_map(|(_, records)| records).collect()
    }

    /// The report of the last batch.
    pub(crate) fn report(&self) -> BatchReport {
        self.ear.report(self.hand.now().floor(BATCH))
    }

    /// What became of the lines of the first source in the last batch.
    pub(crate) fn counts(&self) -> LineCounts {
        self.report().sources[0].lines
    }
}

/// A connection to `address`, every write of which goes out at once.
pub(crate) fn client_of(address: SocketAddr) -> TcpStream {
    let client = TcpStream::connect_timeout(&address, PATIENCE).expect("the engine accepts");
    client.set_nodelay(true).expect("a socket takes options");
    client.set_write_timeout(Some(PATIENCE)).expect("a socket takes options");
    client
}

/// Waits until the engine has closed the connection, with or without a reset; what it says before passes by.
pub(crate) fn assert_closed(client: &mut TcpStream) {
    client.set_read_timeout(Some(PATIENCE)).expect("a socket takes options");
    loop {
        match client.read(&mut [0; 64]) {
            Ok(1..) => {}
            Ok(0) => return,
            Err(e) if e.kind() == ErrorKind::ConnectionReset => return,
            other => panic!("it is not closed: {other:?}"),
        }
    }
}

/// A server's side of the connection that the engine dials.
pub(crate) fn accept(server: &TcpListener) -> TcpStream {
    server.set_nonblocking(true).expect("a socket takes options");
    let peer = wait_until("the engine to dial", || server.accept().ok()).0;
    peer.set_nonblocking(false).expect("a socket takes options");
    peer
}
