//! What can go wrong, each as a sentence that says what, where and what to do.

use std::io;
use std::path::PathBuf;

/// The reason why a run did not take place, or broke off.
///
/// A client or target that goes away during a run is no error of this kind: the run goes on and
/// the [`Summary`](crate::Summary) counts it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An option has a value that makes no sense; nothing was opened.
    #[error("{0}")]
    Usage(String),

    /// The address to listen on is taken.
    #[error(
        "cannot listen on {address}: another program has that port; stop it or choose another port"
    )]
    PortInUse {
        /// The address as it was asked for.
        address: String,
    },

    /// The address to listen on cannot be had for another reason.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address as it was asked for.
        address: String,
        /// What the system said.
        error: io::Error,
    },

    /// A target refuses connections.
    #[error("cannot connect to {target}: nothing listens there; start that program first")]
    Refused {
        /// The target as it was asked for.
        target: String,
    },

    /// A target cannot be reached for another reason.
    #[error("cannot connect to {target}: {error}")]
    Connect {
        /// The target as it was asked for.
        target: String,
        /// What the system said.
        error: io::Error,
    },

    /// More connections are asked for than the process may have descriptors.
    #[error(
        "{connections} connections need {needed} file descriptors and the hard limit is {limit}: \
         raise it (ulimit -Hn) or ask for fewer connections"
    )]
    Descriptors {
        /// How many connections were asked for.
        connections: usize,
        /// How many descriptors they take, the program's own included.
        needed: u64,
        /// How many the process may have.
        limit: u64,
    },

    /// A file cannot be read or written.
    #[error("cannot {doing} {}: {error}", path.display())]
    File {
        /// What was attempted.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },

    /// The lines of a file cannot be replayed.
    #[error("{} {what}", path.display())]
    Replay {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and where.
        what: String,
    },

    /// The operating system refused something that every run needs.
    #[error("cannot {doing}: {error}")]
    System {
        /// What was attempted.
        doing: &'static str,
        /// What the system said.
        error: io::Error,
    },
}

impl Error {
    /// The exit code for a program that ends with this error: 2 for usage, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            _ => 1,
        }
    }

    /// For `map_err`: the system's answer to an attempt at `doing`.
    pub(crate) fn system(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::System { doing, error }
    }
}

/// A result whose error is a sentence.
pub type Result<T> = std::result::Result<T, Error>;
