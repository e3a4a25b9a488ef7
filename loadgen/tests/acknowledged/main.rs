//! Lines that are sent until they are acknowledged, to engines that go wrong.

#[cfg(test)]
mod breaks;
#[cfg(test)]
#[path = "../engine/mod.rs"]
mod engine;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod going_on;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod program;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod schedule;
#[cfg(test)]
mod waiting;
