//! What is worth a sentence and is not a batch.

use std::fmt;

use crate::time::Duration;

/// Something worth a sentence that is not a batch.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// A receiver listens at this address; the way to learn a port that was left to the system.
    Listening {
        /// The source's name.
        source: String,
        /// Where.
        address: std::net::SocketAddr,
    },
    /// A connection was made.
    Connected {
        /// The source's name.
        source: String,
        /// The connection's number within the source.
        connection: u64,
        /// Its other end.
        peer: String,
    },
    /// A connection ended; `reason` is `None` where the other end closed it properly.
    Disconnected {
        /// The source's name.
        source: String,
        /// The connection's number within the source.
        connection: u64,
        /// Why.
        reason: Option<String>,
    },
    /// A receiver was stopped while connections were in the middle of a record, which is none.
    Unfinished {
        /// The source's name.
        source: String,
        /// How many connections.
        connections: u64,
    },
    /// A receiver of a user's own has started, or started again.
    ReceiverStarted {
        /// The source's name.
        source: String,
    },
    /// A receiver of a user's own could not be started, has panicked, or wants to be started again.
    ReceiverFailed {
        /// The source's name.
        source: String,
        /// Why.
        reason: String,
        /// When it is started again.
        again_after: Duration,
    },
    /// A receiver of a user's own has stopped, and stays so.
    ReceiverStopped {
        /// The source's name.
        source: String,
        /// Why it stopped itself; `None` where the stream is stopped.
        reason: Option<String>,
    },
    /// A signal has ordered a graceful stop ([`Running::stop_on_signals`](crate::Running::stop_on_signals)). The next
    /// one is looked at once every listener has heard of this.
    Stopping,
    /// Something is wrong that the engine lives with.
    Warning {
        /// A sentence.
        message: String,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::Listening { source, address } => write!(f, "{source} listens on {address}"),
            Notice::Connected { source, connection, peer } => {
                write!(f, "{source}: connection {connection} with {peer}")
            }
            Notice::Disconnected { source, connection, reason: None } => {
                write!(f, "{source}: connection {connection} was closed by the other end")
            }
            Notice::Disconnected { source, connection, reason: Some(reason) } => {
                write!(f, "{source}: connection {connection} ended: {reason}")
            }
            Notice::Unfinished { source, connections } => {
                write!(
                    f,
                    "{source}: {connections} connections were stopped in the middle of a record, which is none"
                )
            }
            Notice::ReceiverStarted { source } => write!(f, "{source} has started"),
            Notice::ReceiverFailed { source, reason, again_after } => {
                write!(f, "{source}: {reason}; it is started again after {again_after}")
            }
            Notice::ReceiverStopped { source, reason: None } => {
                write!(f, "{source} was stopped with its stream")
            }
            Notice::ReceiverStopped { source, reason: Some(reason) } => {
                write!(f, "{source} has stopped itself: {reason}")
            }
            Notice::Stopping => f.write_str(
                "stopping: what has been received is processed first; once more ends it at once",
            ),
            Notice::Warning { message } => f.write_str(message),
        }
    }
}
