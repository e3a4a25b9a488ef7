//! What a primary and a replica say to each other; `docs/replica-protocol.md` says what it means.

use serde::{Deserialize, Serialize};

use super::name::MOST_DIRECTORY_BYTES;
use super::proof::{NONCE_BYTES, PROOF_BYTES};
use crate::directory::Life;

/// The version of the protocol.
pub(super) const VERSION: u32 = 1;

/// The kinds of messages.
pub(super) const REQUEST: u8 = 1;
pub(super) const APPEND: u8 = 2;
pub(super) const ANSWER: u8 = 3;
pub(super) const DATA: u8 = 4;
pub(super) const AT_IT: u8 = 5;
/// The first ones: what the replica has drawn, what the primary shows for it, and what the replica shows for that.
pub(super) const CHALLENGE: u8 = 6;
pub(super) const SHOWN_BY_PRIMARY: u8 = 7;
pub(super) const SHOWN_BY_REPLICA: u8 = 8;

/// What a challenge has: the version, and what was drawn.
pub(super) const CHALLENGE_BYTES: usize = 4 + NONCE_BYTES;

/// What stands in front of the directory in what a primary shows: what it has drawn, and the proof.
pub(super) const SHOWN_HEAD_BYTES: usize = NONCE_BYTES + PROOF_BYTES;

/// What a request or an answer may have.
pub(super) const MOST_WORD_BYTES: usize = 4 << 10;

/// How many bytes of a file go into a message.
pub(super) const MOST_DATA_BYTES: usize = 1 << 20;

/// What a hash of a file has.
pub(super) const HASH_BYTES: usize = 32;

/// What stands in front of bytes that are appended: the file, and the offset.
pub(super) const APPEND_HEAD_BYTES: usize = 16;

/// What a message of this kind may have; none where there is no such kind.
pub(super) fn most_bytes(kind: u8) -> Option<usize> {
    match kind {
        REQUEST | ANSWER => Some(MOST_WORD_BYTES),
        APPEND => Some(MOST_DATA_BYTES + APPEND_HEAD_BYTES),
        DATA => Some(MOST_DATA_BYTES),
        AT_IT => Some(0),
        _ => None,
    }
}

/// The same of who dials, before it has shown that it knows the token.
pub(super) fn most_bytes_of_who_dials(kind: u8) -> Option<usize> {
    (kind == SHOWN_BY_PRIMARY).then_some(SHOWN_HEAD_BYTES + MOST_DIRECTORY_BYTES)
}

/// The same of who listens.
pub(super) fn most_bytes_of_who_listens(kind: u8) -> Option<usize> {
    match kind {
        CHALLENGE => Some(CHALLENGE_BYTES),
        SHOWN_BY_REPLICA => Some(PROOF_BYTES),
        // Why it does not show it.
        ANSWER => Some(MOST_WORD_BYTES),
        _ => None,
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Request {
    Begin { limit_ms: u64, life: Option<Life> },
    List,
    Read { path: String },
    Create { file: u64, path: String, like: Option<Like> },
    Sync { file: u64 },
    Close { file: u64 },
    Rename { from: String, to: String },
    Remove { path: String },
    MakeDirectory { path: String },
    SyncDirectory { path: String },
    Ping,
}

/// What a file begins with.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Like {
    pub(super) path: String,
    pub(super) bytes: u64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Answer {
    Welcome,
    Entry {
        path: String,
        bytes: u64,
        /// The BLAKE3 of its content; none where the disk cannot give that back.
        #[serde(with = "as_bytes")]
        hash: Option<[u8; HASH_BYTES]>,
    },
    Done {
        sequence: u64,
    },
    Refused {
        reason: Reason,
        sentence: String,
    },
}

/// Why something was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Reason {
    Token,
    Directory,
    InUse,
    /// Another start has gone on from the directory.
    GoneOn,
    NoRoom,
    Failed,
    Protocol,
}

/// Bytes of a fixed length, where there are any, as bytes and not as so many numbers.
mod as_bytes {
    use bytes::Bytes;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer, const N: usize>(
        bytes: &Option<[u8; N]>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => to.serialize_bytes(bytes),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
        from: D,
    ) -> Result<Option<[u8; N]>, D::Error> {
        let Some(bytes) = Option::<Bytes>::deserialize(from)? else { return Ok(None) };
        let wrong = |_| D::Error::invalid_length(bytes.len(), &"another number of bytes");
        bytes[..].try_into().map(Some).map_err(wrong)
    }
}
