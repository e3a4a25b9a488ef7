//! Streams over sources that are asked at a batch's turn, which die and are gone on with: on a disk in
//! memory, under a clock that the tests move by hand.

#[expect(dead_code, reason = "these tests need a part of it")]
#[path = "../intake/ear.rs"]
mod ear;
mod rig;

mod changes;
mod files;
mod queues;
mod receivers;
mod refusals;
