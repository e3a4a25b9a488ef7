//! A connection that ends badly.

use std::net::TcpStream;

use nix::libc::linger;
use nix::sys::socket::{setsockopt, sockopt};

/// Ends a connection with a reset instead of a proper close: it closes without lingering.
pub(crate) fn reset(stream: TcpStream) {
    let at_once = linger { l_onoff: 1, l_linger: 0 };
    setsockopt(&stream, sockopt::Linger, &at_once).expect("a socket takes options");
    drop(stream);
}
