//! Files as sources and as outputs: on a disk in memory that the tests disturb, under a clock that
//! they move, and a few times on a real one.

mod rig;

mod choosing;
mod reading;
mod saving;
mod troubles;
