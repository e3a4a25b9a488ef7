//! Why something could not be had from a replica.

use std::io::{self, ErrorKind};

use crate::replica::message::Answer;

/// Why something could not be had from a replica.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) reason: String,
    /// Dialling again at a start is of no use.
    pub(super) is_final: bool,
    /// Another start has gone on from the copy.
    pub(super) is_gone_on: bool,
}

impl Broken {
    /// What may be otherwise when it is dialled again.
    pub(super) fn passing(reason: String) -> Broken {
        Broken { reason, is_final: false, is_gone_on: false }
    }

    /// What is the same when it is dialled again, most likely.
    pub(super) fn lasting(reason: String) -> Broken {
        Broken { reason, is_final: true, is_gone_on: false }
    }

    /// An answer that fits nothing that was asked.
    pub(super) fn unexpected(answer: &Answer) -> Broken {
        Broken::passing(format!("it has answered {answer:?}, which was not asked"))
    }

    /// What listens there is something else.
    pub(super) fn no_replica(why: &str) -> Broken {
        Broken::lasting(format!("this is no millstream-replica: {why}"))
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        let reason = match error.kind() {
            ErrorKind::UnexpectedEof => "it has closed the connection".to_owned(),
            _ => error.to_string(),
        };
        Broken::passing(reason)
    }
}
