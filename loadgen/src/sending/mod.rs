//! Who sends which line to whom, and when: sockets and threads.
//!
//! A *dealer* gives the lines that the schedule says are due to the connections in turns, and a few
//! *lanes*, each a thread with an event loop, write what their connections are owed. A *conductor*
//! brings in connections, watches the time and tells.

mod acknowledged;
mod conducted;
mod conductor;
mod connection;
mod dealer;
mod descriptors;
mod due;
mod farewell;
mod feed;
mod found;
mod grants;
mod lane;
mod lanes;
mod lateness;
mod looked;
mod mischief;
mod outgoing;
mod patience;
mod peers;
mod rendered;
mod room;
mod run;
mod standing;
mod taken_up;
mod ticker;
mod times;
#[cfg(feature = "tls")]
mod tls_stream;
mod transport;

pub use peers::listen;
pub use run::{send, serve};
