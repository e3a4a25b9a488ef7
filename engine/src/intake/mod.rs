//! What has been received, and which batch it belongs to: received -> assigned -> done.
//!
//! Receivers store [`Parcel`]s of closed blocks, labelled with the batch whose interval they fall
//! in. At a batch's tick the driver closes what they have open, takes the batch's parcels, and is
//! their only owner from then on. Between the two, early work may run on a parcel, and may even be
//! done with it; and its blocks may be moved to disk, where they may be. Where there is a log, a
//! batch waits until the parcels that it has are logged.

mod acknowledged;
mod admission;
mod ahead;
mod assignment;
mod connection;
pub(crate) mod custom;
mod descriptors;
pub(crate) mod endpoint;
mod entrance;
pub(crate) mod files;
mod filling;
mod growth;
mod idle;
mod keep_alive;
mod link;
mod parcel;
pub(crate) mod polled;
pub(crate) mod queue;
mod rate;
pub(crate) mod receiver;
pub(crate) mod recoverable;
pub(crate) mod socket;
pub(crate) mod store;
pub(crate) mod supervisor;
#[cfg(feature = "tls")]
mod tls;
mod transport;
mod unfinished;

pub(crate) use acknowledged::{Reached, Senders};
pub(crate) use admission::{Admission, Bounds, Reads};
pub(crate) use ahead::Unlogged;
#[cfg(test)]
pub(crate) use assignment::Stored;
pub(crate) use assignment::{Intake, OnStored, Workers};
pub(crate) use descriptors::reserve as reserve_descriptors;
pub(crate) use parcel::{Committed, Parcel, Taken};
pub(crate) use rate::SourceRate;
pub(crate) use store::StoreRoom;
pub(crate) use unfinished::Unfinished;
