//! Batches that take longer than their interval, under each policy: which batches there are then, and that they
//! have all that came.

#[expect(dead_code, reason = "these tests need a part of it")]
#[path = "../intake/ear.rs"]
mod ear;
mod rig;
#[expect(dead_code, reason = "these tests need a part of it")]
#[path = "../model/seed.rs"]
mod seed;

mod oracle;
mod scenarios;
