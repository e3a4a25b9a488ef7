//! Receivers of a user's own, under a clock that the tests move by hand: what they store, how they
//! fail, and how they end.

mod rig;

mod panics;
mod rates;
mod restarting;
mod room;
mod stopping;
mod storing;
