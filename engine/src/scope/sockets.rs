//! Streams that begin at sockets.

use super::Scope;
use crate::dstream::DStream;
use crate::error::Error;
use crate::framing::Framing;
use crate::graph::SourceKind;
use crate::intake::endpoint::whole_address;
use crate::pipe::{Lines, Records};

impl<'b> Scope<'b> {
    /// Lines from a server at `HOST:PORT`, which is dialled, and dialled again with growing pauses
    /// whenever the connection is refused or lost. A target of another form, which no server will
    /// ever answer, makes the start fail.
    ///
    /// A line ends with a newline, or a carriage return and a newline. An empty line is a record; a
    /// connection's last line counts with or without its line end. Lines are UTF-8; see
    /// [`Conf::invalid_utf8`](crate::Conf::invalid_utf8) and
    /// [`Conf::max_line_bytes`](crate::Conf::max_line_bytes) for lines that are not, or too long.
    /// Cost: no copy and no allocation per line.
    ///
    /// ```
    /// use std::{io::Write, net::TcpListener};
    /// use millstream::{Conf, StreamingContext, millis, testing::Collector};
    ///
    /// let server = TcpListener::bind("127.0.0.1:0")?;
    /// let (target, out) = (server.local_addr()?.to_string(), Collector::new());
    /// let ssc = StreamingContext::new(Conf::new("dialling"), millis(50))?;
    /// let collected = out.clone();
    /// let running = ssc.start(move |s| {
    ///     collected.collect(&s.socket_text_stream(&target).map(str::to_owned));
    ///     Ok(())
    /// })?;
    /// server.accept()?.0.write_all(b"to be\r\nor not")?;
    ///
    /// let mut lines = Vec::new();
    /// while lines.len() < 2 {
    ///     running.await_termination_or_timeout(millis(10))?;
    ///     lines.extend(out.take().into_iter().flat_map(|(_, lines)| lines));
    /// }
    /// assert_eq!(lines, ["to be", "or not"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn socket_text_stream(&self, target: impl Into<String>) -> DStream<'b, Lines> {
        let target = target.into();
        self.refuse_bad_target("socket_text_stream", &target);
        self.lines(format!("socket {target}"), SourceKind::Dial(target, None))
    }

    /// Lines from every client that connects to `address`, which may be `HOST:PORT`, or `:PORT` and
    /// `PORT` for loopback. Port 0 lets the system choose;
    /// [`Notice::Listening`](crate::progress::Notice::Listening) tells which. Lines of different
    /// connections are never mixed, and those of one keep their order. Cost: as
    /// [`socket_text_stream`](Scope::socket_text_stream); under 4 KiB for an idle connection.
    ///
    /// ```
    /// use std::{io::Write, net::TcpStream};
    /// use millstream::{Conf, Stop, StreamingContext, millis, testing::Collector};
    ///
    /// let ssc = StreamingContext::new(Conf::new("listening"), millis(50))?;
    /// let out = Collector::new();
    /// let collected = out.clone();
    /// let running = ssc.start(move |s| {
    ///     collected.collect(&s.listen_text_stream(":0").map(str::to_owned));
    ///     Ok(())
    /// })?;
    /// TcpStream::connect(running.listening()[0])?.write_all(b"to be\nor not\n")?;
    /// running.stop(Stop::Graceful)?;
    /// let lines: Vec<_> = out.take().into_iter().flat_map(|(_, lines)| lines).collect();
    /// assert_eq!(lines, ["to be", "or not"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn listen_text_stream(&self, address: impl Into<String>) -> DStream<'b, Lines> {
        let address = address.into();
        self.lines(format!("listener {address}"), SourceKind::Listen(address, None))
    }

    /// Lines from every sender that connects to `address`, each exactly once, whatever dies: lines have
    /// numbers, the engine acknowledges those that it has logged, and a sender sends again what was not
    /// acknowledged. `docs/line-protocol.md` says how; `loadgen send --acknowledged` does it, and a client fits
    /// into thirty lines. `address` is as in [`listen_text_stream`](Scope::listen_text_stream).
    ///
    /// It needs [`Conf::write_ahead_log`](crate::Conf::write_ahead_log) and a checkpoint directory; without them
    /// the start fails. How far each sender has come is kept there under `address`: so each such stream needs
    /// an address of its own, and keeps it.
    ///
    /// A line counts once its newline has come: what a connection leaves without one is no record. A line that is
    /// rejected, for its length or its bytes, is acknowledged all the same.
    ///
    /// Cost: as [`listen_text_stream`](Scope::listen_text_stream) with the log, and a search for newlines. Lines
    /// are acknowledged at the end of their block, once the log is synced: so
    /// [`Conf::block_interval`](crate::Conf::block_interval) is how long a sender waits.
    ///
    /// ```
    /// use std::io::{BufRead, BufReader, Write};
    /// use std::net::{Shutdown, TcpStream};
    /// use millstream::disk::MemoryDisk;
    /// use millstream::{Conf, Stop, StreamingContext, millis, testing::Collector};
    ///
    /// let conf = Conf::new("sensors").write_ahead_log(true).disk(MemoryDisk::default());
    /// let create = || StreamingContext::new(conf, millis(50));
    /// let ssc = StreamingContext::get_or_create("/sensors", create)?;
    /// let out = Collector::new();
    /// let collected = out.clone();
    /// let running = ssc.start(move |s| {
    ///     collected.collect(&s.acknowledged_text_stream(":0").map(str::to_owned));
    ///     Ok(())
    /// })?;
    ///
    /// let mut sender = TcpStream::connect(running.listening()[0])?;
    /// let mut answers = BufReader::new(sender.try_clone()?).lines();
    /// sender.write_all(b"MILLSTREAM 1 sensor-7\n")?;
    /// assert_eq!(answers.next().unwrap()?, "RESUME 0");
    /// sender.write_all(b"first reading\nsecond reading\n")?;
    /// sender.shutdown(Shutdown::Write)?;
    /// assert_eq!(answers.last().unwrap()?, "ACK 2");
    ///
    /// running.stop(Stop::Graceful)?;
    /// let lines: Vec<_> = out.take().into_iter().flat_map(|(_, lines)| lines).collect();
    /// assert_eq!(lines, ["first reading", "second reading"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn acknowledged_text_stream(&self, address: impl Into<String>) -> DStream<'b, Lines> {
        let address = whole_address(&address.into());
        let name = format!("acknowledging listener {address}");
        let mut graph = self.graph.lock();
        if graph.sources.iter().any(|source| *source.name == *name) {
            graph.refuse(Error::Argument {
                operation: "acknowledged_text_stream",
                what: "the address",
                got: format!("{address:?}, as that of another one"),
                want: "its own: how far senders have come is kept under it",
            });
        }
        drop(graph);
        self.lines(name, SourceKind::Acknowledged(address))
    }

    /// As [`socket_text_stream`](Scope::socket_text_stream), but the records are bytes, framed as
    /// `framing` says and borrowed from their block: Spark's `socketStream` and, with
    /// [`Framing::LengthPrefixed`], its `rawSocketStream`.
    ///
    /// A record longer than [`Conf::max_line_bytes`](crate::Conf::max_line_bytes) is skipped by its
    /// length, and one of which only a part came before its connection ended is none; both are
    /// counted as rejected. Lines are treated as in a stream of text, but may be any bytes. A fixed
    /// length of 0, or beyond the limit, makes the start fail. Cost: no copy and no allocation per
    /// record; the receiver looks at the length in front of each record that has one, and at no
    /// other record.
    ///
    /// ```
    /// use std::{io::Write, net::TcpListener};
    /// use millstream::{Conf, Framing, StreamingContext, millis, testing::Collector};
    ///
    /// let server = TcpListener::bind("127.0.0.1:0")?;
    /// let (target, out) = (server.local_addr()?.to_string(), Collector::new());
    /// let ssc = StreamingContext::new(Conf::new("dialling"), millis(50))?;
    /// let collected = out.clone();
    /// let running = ssc.start(move |s| {
    ///     collected.collect(&s.socket_stream(&target, Framing::Lines).map(<[u8]>::to_vec));
    ///     Ok(())
    /// })?;
    /// server.accept()?.0.write_all(b"to be\r\nor not")?;
    ///
    /// let mut lines = Vec::new();
    /// while lines.len() < 2 {
    ///     running.await_termination_or_timeout(millis(10))?;
    ///     lines.extend(out.take().into_iter().flat_map(|(_, lines)| lines));
    /// }
    /// assert_eq!(lines, [b"to be".to_vec(), b"or not".to_vec()]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn socket_stream(
        &self,
        target: impl Into<String>,
        framing: Framing,
    ) -> DStream<'b, Records> {
        let target = target.into();
        self.refuse_bad_target("socket_stream", &target);
        let kind = SourceKind::Dial(target.clone(), Some(framing));
        self.records(format!("socket {target}"), framing, kind)
    }

    /// Records from every client that connects to `address`, as
    /// [`listen_text_stream`](Scope::listen_text_stream) has lines; they are bytes, as in
    /// [`socket_stream`](Scope::socket_stream). Cost: as that.
    ///
    /// ```
    /// use std::{io::Write, net::TcpStream};
    /// use millstream::{Conf, Framing, Stop, StreamingContext, millis, secs, testing::Collector};
    ///
    /// let ssc = StreamingContext::new(Conf::new("frames"), millis(50))?;
    /// let out = Collector::new();
    /// let collected = out.clone();
    /// let running = ssc.start(move |s| {
    ///     let frames = s.listen_stream(":0", Framing::LengthPrefixed);
    ///     collected.collect(&frames.map(|frame| frame.to_vec()));
    ///     Ok(())
    /// })?;
    /// let mut client = TcpStream::connect(running.listening()[0])?;
    /// client.write_all(b"\0\0\0\x05three\0\0\0\x03one")?;
    /// running.stop(Stop::Graceful)?;
    /// let frames: Vec<_> = out.take().into_iter().flat_map(|(_, frames)| frames).collect();
    /// assert_eq!(frames, [&b"three"[..], b"one"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn listen_stream(
        &self,
        address: impl Into<String>,
        framing: Framing,
    ) -> DStream<'b, Records> {
        let address = address.into();
        let kind = SourceKind::Listen(address.clone(), Some(framing));
        self.records(format!("listener {address}"), framing, kind)
    }

    fn refuse_bad_target(&self, operation: &'static str, target: &str) {
        let can_be_dialled = target.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        if !can_be_dialled {
            self.graph.lock().refuse(Error::Argument {
                operation,
                what: "the server",
                got: format!("{target:?}"),
                want: "HOST:PORT with a port of 1 to 65535, as in localhost:7777",
            });
        }
    }
}
