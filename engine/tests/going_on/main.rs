//! Streams over sources that are asked at a batch's turn, which die and are gone on with: on a disk in
//! memory, under a clock that the tests move by hand.

mod rig;

mod changes;
mod files;
mod queues;
mod receivers;
mod refusals;
