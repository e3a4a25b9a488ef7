//! A second copy of a job's durable files: a peer over TCP that holds it, and the disk that mirrors what is
//! written to it there.
//!
//! On the other machine a [`Replica`] listens; the program `millstream-replica` is one. A job names it by
//! [`Conf::replica`](crate::Conf::replica). `docs/replica-protocol.md` says what the two say to each other, and
//! what becomes of each break.

mod message;
mod name;
mod proof;
mod wire;
mod at_it;
mod server;
mod mirror;

pub(crate) use mirror::{Hooks, Mirror};
pub use server::{Replica, ReplicaSettings, check_token};
