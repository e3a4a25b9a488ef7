//! A connection that ends badly.

use std::mem::size_of;
use std::net::TcpStream;
use std::os::fd::AsRawFd;

use nix::libc;

/// Ends a connection with a reset instead of a proper close: it closes without lingering.
#[allow(unsafe_code)]
pub(crate) fn reset(stream: TcpStream) {
    let at_once = libc::linger { l_onoff: 1, l_linger: 0 };
    // SAFETY: the descriptor is open for as long as `stream` is, and the option's value is a `linger` of the length that
    // is given, which the call only reads.
    let answer = unsafe {
        libc::setsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_LINGER,
            (&raw const at_once).cast(),
            size_of::<libc::linger>() as libc::socklen_t,
        )
    };
    assert_eq!(answer, 0, "a socket takes options");
    drop(stream);
}
