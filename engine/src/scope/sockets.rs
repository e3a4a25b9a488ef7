//! Streams that begin at sockets.

use super::Scope;
use crate::dstream::DStream;
use crate::graph::SourceKind;
use crate::pipe::Lines;

impl<'b> Scope<'b> {
    /// Lines from a server at `HOST:PORT`, which is dialled, and dialled again with growing pauses
    /// whenever the connection is refused or lost.
    ///
    /// A line ends with a newline, or a carriage return and a newline. An empty line is a record; a
    /// connection's last line counts with or without its line end. Lines are UTF-8; see
    /// [`Conf::invalid_utf8`](crate::Conf::invalid_utf8) and
    /// [`Conf::max_line_bytes`](crate::Conf::max_line_bytes) for lines that are not, or too long.
    /// Cost: no copy and no allocation per line.
    pub fn socket_text_stream(&self, target: impl Into<String>) -> DStream<'b, Lines> {
        let target = target.into();
        self.lines(format!("socket {target}"), SourceKind::Dial(target))
    }

    /// Lines from every client that connects to `address`, which may be `HOST:PORT`, or `:PORT` and
    /// `PORT` for loopback. Port 0 lets the system choose;
    /// [`Notice::Listening`](crate::progress::Notice::Listening) tells which. Lines of different
    /// connections are never mixed, and those of one keep their order.
    pub fn listen_text_stream(&self, address: impl Into<String>) -> DStream<'b, Lines> {
        let address = address.into();
        self.lines(format!("listener {address}"), SourceKind::Listen(address))
    }
}
