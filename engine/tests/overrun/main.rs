//! Batches that take longer than their interval, under each policy: which batches there are then, and that they
//! have all that came.

mod rig;

mod oracle;
mod scenarios;
