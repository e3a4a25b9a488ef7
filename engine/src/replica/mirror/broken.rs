//! Why something could not be had from a replica.

use std::io::{self, ErrorKind};

use crate::replica::message::{Answer, Reason};

/// Why something could not be had from a replica.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) reason: String,
    pub(super) kind: BrokenKind,
}

/// What is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BrokenKind {
    /// It may be otherwise when it is dialled again.
    Passing,
    /// It is the same when it is dialled again, most likely: at a start that is of no use.
    Lasting,
    /// Somebody has the copy: another start may be running from it.
    InUse,
    /// Another start has gone on from the copy.
    GoneOn,
}

impl Broken {
    /// What may be otherwise when it is dialled again.
    pub(super) fn passing(reason: String) -> Broken {
        Broken { reason, kind: BrokenKind::Passing }
    }

    /// What is the same when it is dialled again, most likely.
    pub(super) fn lasting(reason: String) -> Broken {
        Broken { reason, kind: BrokenKind::Lasting }
    }

    /// What the replica has refused.
    pub(super) fn refused(reason: Reason, sentence: String) -> Broken {
        let kind = match reason {
            Reason::Token | Reason::Directory => BrokenKind::Lasting,
            Reason::InUse => BrokenKind::InUse,
            Reason::GoneOn => BrokenKind::GoneOn,
            Reason::NoRoom | Reason::Failed | Reason::Protocol => BrokenKind::Passing,
        };
        Broken { reason: sentence, kind }
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
