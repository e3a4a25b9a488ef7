//! Room for thousands of connections.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::error::{Error, Result};

/// Standard streams, listener, event queues and what the runtime keeps open.
const BESIDES_CONNECTIONS: u64 = 64;

/// Nobody serves more clients than this, and some systems refuse to raise the limit to infinity.
const MOST: u64 = 1 << 20;

/// Raises the soft limit of file descriptors to what this many connections need, or refuses with
/// the numbers.
pub(crate) fn make_room_for(connections: usize) -> Result<()> {
    let needed = connections as u64 + BESIDES_CONNECTIONS;
    let (soft, hard) = limits()?;
    if needed > hard {
        return Err(Error::Descriptors { connections, needed, limit: hard });
    }
    if needed > soft { raise_to(needed, hard) } else { Ok(()) }
}

/// Raises the soft limit as far as possible, for a number of clients that is not known.
pub(crate) fn make_all_room() -> Result<()> {
    let (soft, hard) = limits()?;
    let most = hard.min(MOST);
    if most > soft { raise_to(most, hard) } else { Ok(()) }
}

fn limits() -> Result<(u64, u64)> {
    getrlimit(Resource::RLIMIT_NOFILE)
        .map_err(|error| Error::system("read the limit of file descriptors")(error.into()))
}

fn raise_to(soft: u64, hard: u64) -> Result<()> {
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard)
        .map_err(|error| Error::system("raise the limit of file descriptors")(error.into()))
}
