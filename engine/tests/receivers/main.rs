//! Receivers of a user's own, under a clock that the tests move by hand: what they store, how they
//! fail, and how they end.

mod rig;
#[path = "../model/seed.rs"]
mod seed;

mod at_random;
mod panics;
mod rates;
mod restarting;
mod room;
mod stopping;
mod storing;
