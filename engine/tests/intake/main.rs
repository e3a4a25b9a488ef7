//! Receiving, under attack: odd bytes, hostile and vanishing peers, too little memory, too few
//! descriptors, panics and stops at bad moments. Real loopback sockets, and a clock that the tests
//! move by hand wherever it can be.

mod child;
#[expect(dead_code, reason = "these tests need a part of it")]
mod ear;
mod reset;
mod rig;

mod accounts;
mod acknowledged;
mod descriptors;
mod dialling;
mod endings;
mod exposure;
mod framing;
mod hostile;
mod listening;
mod panics;
mod pressure;
mod rates;
mod records;
mod slow;
mod stopping;
#[cfg(feature = "tls-tests")]
mod tls;
mod unparsed;
mod workers;
